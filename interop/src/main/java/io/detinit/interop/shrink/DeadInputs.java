package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Removes inputs of the model from the layers that read them: those that never carried a signal, and those that nobody reads. */
final class DeadInputs {

    private static final Set<String> RESHAPES =
            Set.of("Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Dropout");
    private static final Set<String> ELEMENTWISE = Set.of("Sub", "Add", "Mul", "Div", "Clip", "Cast");

    /** Copying an element costs about as much as this many multiplications. */
    private static final long COPY_COST = 4;

    /**
     * A layer that reads an input of the model.
     *
     * @param weight the name of its weights before anything was changed
     * @param inAxis the axis of the weights along which the inputs lie
     * @param axis the axis of the values along which they lie
     * @param values how many values of a sample each input is
     * @param input the input of the model, where nothing but its shape was changed on the way; else empty
     */
    private record Place(GraphNode node, String weight, int inAxis, int axis, int values, String input) {}

    private final Net net;
    private final List<Place> places = new ArrayList<>();
    private final Map<GraphNode, Integer> folded = new HashMap<>();
    private final List<LeftAlone> leftAlone = new ArrayList<>();

    DeadInputs(Channels channels) {
        this.net = channels.net();
        for (Layer layer : channels.layers()) {
            GraphNode node = layer.node();
            long[] shape = channels.shape(node.input(0));
            if (channels.layout(node.input(0)) == null && shape != null) {
                trace(channels, node, layer.weight(), shape);
            }
        }
    }

    private void trace(Channels channels, GraphNode node, String weight, long[] shape) {
        boolean pure = true;
        String value = node.input(0);
        List<String> fed = net.fedInputs();
        while (!fed.contains(value)) {
            Optional<GraphNode> maker = net.maker(value);
            if (maker.isEmpty() || maker.get().inputCount() == 0) {
                return;
            }
            GraphNode before = maker.get();
            boolean reshape = RESHAPES.contains(before.operator());
            if (!reshape && !ELEMENTWISE.contains(before.operator())) {
                return;
            }
            pure &= reshape && keepsSamples(channels, before);
            String next = before.input(0);
            value = net.isStatic(next) && before.inputCount() > 1 ? before.input(1) : next;
        }
        boolean convolution = node.operator().equals("Conv");
        int axis = convolution ? 1 : shape.length - 1;
        int values = (int) LongStream.of(shape).skip(axis + 1L).reduce(1, Math::multiplyExact);
        boolean plain = convolution || shape.length == 2;
        boolean single = pure && plain && fed.size() == 1;
        places.add(new Place(node, weight, 1 - Biases.outAxis(node), axis, values, single ? value : ""));
    }

    private static boolean keepsSamples(Channels channels, GraphNode node) {
        long[] from = channels.shape(node.input(0));
        long[] to = channels.shape(node.output(0));
        return from != null && to != null && from.length > 0 && to.length > 0 && from[0] == to[0];
    }

    /**
     * Folds inputs whose weights never moved and which are constant in the calibration set into the bias.
     *
     * @return what has to hold from now on
     */
    List<Assumption> fold(Calibration calibration, Map<String, BitSet> unmoved) {
        List<Assumption> assumptions = new ArrayList<>();
        for (Place place : places) {
            BitSet columns = unmoved.get(place.weight());
            Constant weights = net.constant(place.node().input(1));
            if (columns != null && weights != null && !place.input().isEmpty()) {
                assumptions.addAll(fold(place, weights.copy(), calibration, columns));
            }
        }
        return assumptions;
    }

    private List<Assumption> fold(Place place, Constant weights, Calibration calibration, BitSet columns) {
        int inputs = weights.dim(place.inAxis());
        if ((long) inputs * place.values() != calibration.width()) {
            leave(place, inputs, "the calibration set has samples of " + calibration.width() + " values");
            return List.of();
        }
        String problem = Biases.problem(net, place.node());
        boolean pads = place.node().operator().equals("Conv") && Attributes.pads(place.node());
        int outAxis = Biases.outAxis(place.node());
        double[] sum = new double[weights.dim(outAxis)];
        Map<Float, List<Integer>> byValue = new TreeMap<>();
        int count = 0;
        for (int at = columns.nextSetBit(0); at >= 0 && at < inputs; at = columns.nextSetBit(at + 1)) {
            int from = at * place.values();
            if (weights.isZero(place.inAxis(), at) || !calibration.isConstant(from, place.values())) {
                continue;
            }
            float value = calibration.features()[from];
            if (problem != null || (pads && value != 0)) {
                leave(place, 1, problem != null ? problem : "constant, but not 0 and read by a padded convolution");
                continue;
            }
            weights.addSums(place.inAxis(), at, value, outAxis, sum);
            weights.zero(place.inAxis(), at);
            List<Integer> features = byValue.computeIfAbsent(value, key -> new ArrayList<>());
            IntStream.range(from, from + place.values()).forEach(features::add);
            count++;
        }
        if (count > 0) {
            net.put(place.node(), 1, weights);
            Biases.add(net, place.node(), sum);
            folded.put(place.node(), count);
        }
        return byValue.entrySet().stream()
                .map(entry -> new Assumption(place.input(), entry.getValue(), entry.getKey()))
                .toList();
    }

    private void leave(Place place, int inputs, String reason) {
        leftAlone.add(new LeftAlone("inputs of " + place.node().label(), inputs, reason));
    }

    /** Lets each layer read only the inputs that it has weights for. */
    List<ShrunkInputs> gather() {
        List<ShrunkInputs> shrunk = new ArrayList<>();
        for (Place place : places) {
            Constant weights = net.constant(place.node().input(1));
            if (weights != null) {
                ShrunkInputs one = gather(place, weights);
                if (one != null) {
                    shrunk.add(one);
                }
            }
        }
        return shrunk;
    }

    private @Nullable ShrunkInputs gather(Place place, Constant weights) {
        int inputs = weights.dim(place.inAxis());
        int[] live = IntStream.range(0, inputs)
                .filter(at -> !weights.isZero(place.inAxis(), at))
                .toArray();
        if (live.length == 0) {
            live = new int[] {0};
        }
        int dead = inputs - live.length;
        if (dead == 0) {
            return null;
        }
        long saved = (long) dead * weights.data().length / Math.max(1, inputs);
        if (saved < COPY_COST * live.length) {
            leave(place, dead, "nobody reads them, but picking the others would cost more than it saves");
            return null;
        }
        GraphNode node = place.node();
        String picked = net.fresh(node.input(0) + ".live");
        GraphNode gather = GraphNode.of("Gather", picked, node.input(0));
        Attributes.set(gather, "axis", place.axis());
        net.insert(net.nodes().indexOf(node), gather);
        net.put(
                gather,
                1,
                new long[] {live.length},
                IntStream.of(live).asLongStream().toArray());
        node.setInput(0, picked);
        net.put(node, 1, weights.select(place.inAxis(), live));
        int constant = folded.getOrDefault(node, 0);
        return new ShrunkInputs(
                node.label(), inputs, live.length, Math.min(dead, constant), Math.max(0, dead - constant));
    }

    List<LeftAlone> leftAlone() {
        return leftAlone;
    }
}
