package io.detinit.interop.shrink;

import java.util.ArrayList;
import java.util.BitSet;
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

    /** Picking an element from a row takes about as long as this many multiplications of a matrix product. */
    private static final long COPY_COST = 64;

    /**
     * A layer that reads an input of the model.
     *
     * @param weight the name of its weights before anything was changed
     * @param inAxis the axis of the weights along which the inputs lie
     * @param axis the axis of the values along which they lie
     * @param values how many values of a sample each input is
     * @param positions how often the weights are applied to a sample: 1, or the pixels of a convolution's result
     * @param input the input of the model, where nothing but its shape was changed on the way; else empty
     */
    private record Place(
            GraphNode node, String weight, int inAxis, int axis, int values, long positions, String input) {}

    private final Net net;
    private final List<Place> places = new ArrayList<>();
    private final List<Assumption> assumptions = new ArrayList<>();
    private final ShrinkOptions options;
    private final List<LeftAlone> leftAlone = new ArrayList<>();

    DeadInputs(Channels channels, ShrinkOptions options) {
        this.options = options;
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
        places.add(new Place(
                node, weight, 1 - Biases.outAxis(node), axis, values, positions(channels, node), single ? value : ""));
    }

    private static long positions(Channels channels, GraphNode node) {
        long[] made = channels.shape(node.output(0));
        return made == null || !node.operator().equals("Conv")
                ? 1
                : LongStream.of(made).skip(2).reduce(1, Math::multiplyExact);
    }

    private static boolean keepsSamples(Channels channels, GraphNode node) {
        long[] from = channels.shape(node.input(0));
        long[] to = channels.shape(node.output(0));
        return from != null && to != null && from.length > 0 && to.length > 0 && from[0] == to[0];
    }

    /**
     * Removes dead inputs of each layer, where that saves more than it costs.
     *
     * @return the layers that read fewer inputs now
     */
    List<ShrunkInputs> remove() {
        List<ShrunkInputs> shrunk = new ArrayList<>();
        for (Place place : places) {
            Constant weights = net.constant(place.node().input(1));
            if (weights != null) {
                ShrunkInputs one = remove(place, weights);
                if (one != null) {
                    shrunk.add(one);
                }
            }
        }
        return shrunk;
    }

    private @Nullable ShrunkInputs remove(Place place, Constant weights) {
        int inputs = weights.dim(place.inAxis());
        BitSet unread = new BitSet();
        IntStream.range(0, inputs)
                .filter(at -> weights.isZero(place.inAxis(), at))
                .forEach(unread::set);
        BitSet constant = constant(place, inputs, unread);
        int dead = unread.cardinality() + constant.cardinality();
        if (dead == inputs) { // one stays, to give the result its shape
            unread.clear(0);
            constant.clear(0);
            dead--;
        }
        long saved = (long) dead * weights.data().length / Math.max(1, inputs);
        long copied = (long) (inputs - dead) * place.values();
        if (dead == 0) {
            return null;
        }
        if (saved * place.positions() < COPY_COST * copied) {
            leave(place, dead, "dead, but picking the others would take longer than it saves");
            return null;
        }
        fold(place, weights.copy(), constant);
        gather(place, inputs, unread, constant);
        return new ShrunkInputs(
                place.node().label(), inputs, inputs - dead, constant.cardinality(), unread.cardinality());
    }

    /** The inputs with a weight that never carried a signal: weights that never moved, constant in the calibration set. */
    private BitSet constant(Place place, int inputs, BitSet unread) {
        BitSet found = new BitSet();
        BitSet columns = options.unmoved().get(place.weight());
        if (columns == null || options.calibration().isEmpty() || place.input().isEmpty()) {
            return found;
        }
        Calibration calibration = options.calibration().get();
        if ((long) inputs * place.values() != calibration.width()) {
            leave(place, inputs, "the calibration set has samples of " + calibration.width() + " values");
            return found;
        }
        String problem = Biases.problem(net, place.node());
        boolean pads = place.node().operator().equals("Conv") && Attributes.pads(place.node());
        for (int at = columns.nextSetBit(0); at >= 0 && at < inputs; at = columns.nextSetBit(at + 1)) {
            int from = at * place.values();
            if (unread.get(at) || !calibration.isConstant(from, place.values())) {
                continue;
            }
            if (problem != null || (pads && calibration.features()[from] != 0)) {
                leave(place, 1, problem != null ? problem : "constant, but not 0 and read by a padded convolution");
            } else {
                found.set(at);
            }
        }
        return found;
    }

    /** Puts what constant inputs contribute into the bias. */
    private void fold(Place place, Constant weights, BitSet constant) {
        if (constant.isEmpty()) {
            return;
        }
        Calibration calibration = options.calibration().orElseThrow();
        int outAxis = Biases.outAxis(place.node());
        double[] sum = new double[weights.dim(outAxis)];
        Map<Float, List<Integer>> byValue = new TreeMap<>();
        constant.stream().forEach(at -> {
            int from = at * place.values();
            float value = calibration.features()[from];
            weights.addSums(place.inAxis(), at, value, outAxis, sum);
            weights.zero(place.inAxis(), at);
            List<Integer> features = byValue.computeIfAbsent(value, key -> new ArrayList<>());
            IntStream.range(from, from + place.values()).forEach(features::add);
        });
        net.put(place.node(), 1, weights);
        Biases.add(net, place.node(), sum);
        byValue.forEach((value, features) -> assumptions.add(new Assumption(place.input(), features, value)));
    }

    private void leave(Place place, int inputs, String reason) {
        leftAlone.add(new LeftAlone("inputs of " + place.node().label(), inputs, reason));
    }

    /** Lets a layer read the inputs that are left. */
    private void gather(Place place, int inputs, BitSet unread, BitSet constant) {
        int[] live = IntStream.range(0, inputs)
                .filter(at -> !unread.get(at) && !constant.get(at))
                .toArray();
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
        Constant weights = net.constant(node.input(1));
        if (weights != null) {
            net.put(node, 1, weights.select(place.inAxis(), live));
        }
    }

    /** What has to hold from now on. */
    List<Assumption> assumptions() {
        return assumptions;
    }

    List<LeftAlone> leftAlone() {
        return leftAlone;
    }
}
