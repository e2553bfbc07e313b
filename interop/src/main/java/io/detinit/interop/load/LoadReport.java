package io.detinit.interop.load;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.ParameterMatcher.By;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which tensor of a checkpoint is which parameter of a model, and what did not match.
 *
 * @param file the checkpoint as the user named it
 * @param loaded pairs, in the order of the model
 * @param missing parameters of the model without a tensor
 * @param unexpected floating-point parameters and buffers of the checkpoint without a place in the model
 * @param mismatched pairs that belong together by name, or by all else, and cannot be loaded
 * @param ignored names of tensors that are no weights: integer buffers, constants of a graph, states of optimizers
 */
public record LoadReport(
        String file,
        List<Loaded> loaded,
        List<LoadTarget> missing,
        List<TensorInfo> unexpected,
        List<Mismatch> mismatched,
        List<String> ignored) {

    /**
     * A pair.
     *
     * @param target the model's parameter
     * @param tensor the tensor's name in the file, with the rows in brackets where it is a part of one
     * @param order which way round the file keeps it
     * @param mapped whether the caller's name map says so
     * @param by what led to the match, {@link By#NAME} where the name map did
     * @param values its elements in the shape of the target; valid while the checkpoint is open
     */
    public record Loaded(
            LoadTarget target, String tensor, StoredOrder order, boolean mapped, By by, TensorView values) {

        /** {@return what led to the match, for people} */
        public String how() {
            return (mapped ? "name map" : by.id()) + (order == StoredOrder.IN_OUT ? ", transposed" : "");
        }
    }

    /**
     * A pair that cannot be loaded.
     *
     * @param target the model's parameter
     * @param tensor the tensor's name in the file
     * @param shape the tensor's shape in the file
     * @param reason why not
     */
    public record Mismatch(LoadTarget target, String tensor, TensorShape shape, String reason) {

        static final String OTHER_SHAPE = "the shapes differ";

        boolean otherShape() {
            return reason.equals(OTHER_SHAPE);
        }
    }

    /** Copies the lists. */
    public LoadReport {
        loaded = List.copyOf(loaded);
        missing = List.copyOf(missing);
        unexpected = List.copyOf(unexpected);
        mismatched = List.copyOf(mismatched);
        ignored = List.copyOf(ignored);
    }

    /** {@return whether every parameter has its tensor and every tensor its parameter} */
    public boolean complete() {
        return missing.isEmpty() && unexpected.isEmpty() && mismatched.isEmpty();
    }

    /** {@return one line: how many parameters were found and how, and how many were not} */
    public String summary() {
        int all = loaded.size() + missing.size() + mismatched.size();
        Map<By, Integer> ways = new EnumMap<>(By.class);
        int mapped = 0;
        for (Loaded one : loaded) {
            if (one.mapped()) {
                mapped++;
            } else {
                ways.merge(one.by(), 1, Integer::sum);
            }
        }
        List<String> parts = new ArrayList<>();
        if (mapped > 0) {
            parts.add(mapped + " by the name map");
        }
        ways.forEach((by, count) -> parts.add(count + " by " + by.id()));
        String line = String.format(Locale.ROOT, "%s: %d of %d parameters", file, loaded.size(), all);
        line += parts.isEmpty() ? "" : " (" + String.join(", ", parts) + ")";
        line += count(missing.size(), "missing") + count(mismatched.size(), "of another form");
        return line + count(unexpected.size(), "unexpected");
    }

    private static String count(int count, String what) {
        return count == 0 ? "" : ", " + count + " " + what;
    }

    /** {@return the summary and a line for each parameter and tensor} */
    public String text() {
        StringBuilder text = new StringBuilder(summary()).append('\n');
        for (Loaded one : loaded) {
            text.append("  ")
                    .append(one.target().name())
                    .append(' ')
                    .append(one.target().shape());
            text.append(" <- ")
                    .append(one.tensor())
                    .append(", by ")
                    .append(one.how())
                    .append('\n');
        }
        for (LoadTarget one : missing) {
            text.append("  missing: ")
                    .append(one.name())
                    .append(' ')
                    .append(one.shape())
                    .append('\n');
        }
        for (Mismatch one : mismatched) {
            text.append("  of another form: ")
                    .append(one.target().name())
                    .append(' ')
                    .append(one.target().shape());
            text.append(" <- ").append(one.tensor()).append(' ').append(one.shape());
            text.append(": ").append(one.reason()).append('\n');
        }
        for (TensorInfo one : unexpected) {
            text.append("  unexpected: ").append(one.name()).append(' ').append(one.dtype());
            text.append(' ').append(one.shape()).append('\n');
        }
        return text.toString();
    }
}
