package io.detinit.interop.budget;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.Score;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleConsumer;

/**
 * What each layer's training is worth: its parameters are put back towards their initial values, w0 + part * (w - w0), while all others
 * stay trained, and the model is scored. At part 0 that is the re-initialisation robustness of Zhang, Bengio and Singer 2019, "Are all
 * layers created equal?"; here the initial values are regenerated, so nothing had to be stored.
 *
 * @param parts how far from the initial values, in [0, 1]: 0 the initial values, 1 the trained ones
 * @param layers one row for each layer, in file order
 */
public record LayerCriticality(List<Double> parts, List<Layer> layers) {

    /** Copies the lists. */
    public LayerCriticality {
        parts = List.copyOf(parts);
        layers = List.copyOf(layers);
    }

    /** What is put back together. */
    public enum Unit {
        /** All parameters of a module: a weight with its bias. */
        LAYER,
        /** One parameter. */
        TENSOR;

        /** {@return the name on the command line} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A layer.
     *
     * @param name the module's name, or the parameter's; what the initial values call it
     * @param parameters the names of its parameters in the file
     * @param elements how many weights they have together
     * @param scores what was measured with this layer put back and no other, one for each part
     */
    public record Layer(String name, List<String> parameters, long elements, List<Score> scores) {

        /** Copies the lists. */
        public Layer {
            parameters = List.copyOf(parameters);
            scores = List.copyOf(scores);
        }
    }

    /**
     * Measures. Models are scored one after another: layers times parts of them.
     *
     * @param trained the trained model
     * @param baseline its initial values; a parameter without is left trained
     * @param model of the trained model, with vectors
     * @param unit what is put back together
     * @param parts each in [0, 1], at least one
     * @param use how a model is scored
     * @param progress receives the part of the work that is done, in (0, 1]
     * @return the table
     * @throws IOException if reading or scoring fails
     * @throws IllegalArgumentException if a part lies outside [0, 1], or no parameter has initial values
     */
    public static LayerCriticality of(
            Checkpoint trained,
            Baseline baseline,
            CandidateModel model,
            Unit unit,
            List<Double> parts,
            CandidateModel.Use<Score> use,
            DoubleConsumer progress)
            throws IOException {
        for (double part : parts) {
            if (!(part >= 0 && part <= 1)) {
                throw new IllegalArgumentException(
                        "part " + part + " of the way to the trained weights: it must lie in [0, 1]");
            }
        }
        Map<String, List<String>> groups = groups(baseline, unit);
        if (groups.isEmpty() || parts.isEmpty()) {
            throw new IllegalArgumentException(
                    "no parameter of " + trained.path() + " has initial values, or no part is asked for");
        }
        List<Layer> layers = new ArrayList<>();
        int done = 0;
        for (Map.Entry<String, List<String>> group : groups.entrySet()) {
            List<Score> scores = new ArrayList<>();
            long elements = 0;
            for (double part : parts) {
                Map<String, TensorView> replaced = new LinkedHashMap<>();
                for (String name : group.getValue()) {
                    replaced.put(name, partWay(trained, baseline, name, part));
                }
                elements = replaced.values().stream()
                        .mapToLong(tensor -> tensor.info().shape().elements())
                        .sum();
                scores.add(model.replace(replaced, use));
                progress.accept((double) ++done / (groups.size() * parts.size()));
            }
            layers.add(new Layer(group.getKey(), group.getValue(), elements, scores));
        }
        return new LayerCriticality(parts, layers);
    }

    private static Map<String, List<String>> groups(Baseline baseline, Unit unit) {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        baseline.initials().forEach((name, initial) -> {
            int dot = initial.name().lastIndexOf('.');
            String group = unit == Unit.TENSOR || dot <= 0
                    ? initial.name()
                    : initial.name().substring(0, dot);
            groups.computeIfAbsent(group, key -> new ArrayList<>()).add(name);
        });
        return groups;
    }

    /** A parameter part-way, as the file keeps it. */
    private static TensorView partWay(Checkpoint trained, Baseline baseline, String name, double part) {
        Baseline.Initial initial = baseline.find(name).orElseThrow();
        TensorView stored = trained.find(name).orElseThrow();
        TensorView logical = initial.view(stored);
        TensorInfo info = logical.info();
        return initial.stored(PartWayTensor.of(new InitialTensor(info, initial.values()), logical, part));
    }
}
