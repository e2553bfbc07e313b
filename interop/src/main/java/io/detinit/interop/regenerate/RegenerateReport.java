package io.detinit.interop.regenerate;

import java.util.List;

/**
 * How the tensors of a model were stored.
 *
 * @param entries the tensors that were to be regenerated, in the model's order
 * @param opsetRaised the version of the default operator set that the model had, where it was raised; else 0
 * @param opset the version that it has now
 */
public record RegenerateReport(List<Entry> entries, long opsetRaised, long opset) {

    /** Bytes of memory that ONNX Runtime's constant folding takes for each weight, all intermediate values together. */
    private static final long FOLDING_BYTES = 360;

    /**
     * One tensor.
     *
     * @param name its name
     * @param elements how many it has
     * @param stored how many are stored beside the seed; all of them where it is left alone
     * @param rounded how many of these are initial values that this ONNX Runtime rounds otherwise
     * @param coding how their positions are kept: none, positions, gaps or bits; "" where it is left alone
     * @param bytes what its stored elements and their positions take
     * @param denseBytes what all its elements take
     * @param reason why it is left alone, "" where it is regenerated
     */
    public record Entry(
            String name,
            long elements,
            long stored,
            long rounded,
            String coding,
            long bytes,
            long denseBytes,
            String reason) {

        /** The same tensor where it is left alone, for its own reason or this one. */
        Entry leftDense(String why) {
            return regenerated() ? new Entry(name, elements, elements, 0, "", denseBytes, denseBytes, why) : this;
        }

        /** {@return whether the model computes it} */
        public boolean regenerated() {
            return reason.isEmpty();
        }
    }

    /** Copies the list. */
    public RegenerateReport {
        entries = List.copyOf(entries);
    }

    /** {@return the weights that the model computes} */
    public long regenerated() {
        return entries.stream()
                .filter(Entry::regenerated)
                .mapToLong(Entry::elements)
                .sum();
    }

    /** {@return the initial values that are stored since this ONNX Runtime rounds them otherwise} */
    public long rounded() {
        return entries.stream().mapToLong(Entry::rounded).sum();
    }

    /** {@return about how many bytes of memory ONNX Runtime takes to compute the weights when it loads the model} */
    public long loadingBytes() {
        return regenerated() * FOLDING_BYTES;
    }
}
