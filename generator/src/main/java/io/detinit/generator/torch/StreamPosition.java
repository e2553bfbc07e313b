package io.detinit.generator.torch;

/**
 * A position on the CPU generator's stream.
 *
 * <p>{@code normal_} on fewer than 16 elements makes normals in pairs and keeps the second one of a pair for the next such
 * call, however many uniform draws lie between; {@code pendingPair} says where a kept one came from.
 *
 * @param draw the number of 32-bit draws before this position, >= 0
 * @param pendingPair the draw at which the pair began whose second normal is still kept; {@link #NONE} if none is kept
 */
public record StreamPosition(long draw, long pendingPair) {

    /** No normal is kept. */
    public static final long NONE = -1;

    /** The beginning: right after {@code torch.manual_seed}. */
    public static final StreamPosition START = new StreamPosition(0, NONE);

    /** The 32-bit draws that a pair of float64 normals takes. */
    static final int PAIR_DRAWS = 4;

    /**
     * Checks the position.
     *
     * @throws IllegalArgumentException if the draw is negative, or the pair did not end before it
     */
    public StreamPosition {
        if (draw < 0) {
            throw new IllegalArgumentException("draw " + draw + " is negative; the stream begins at 0");
        }
        if (pendingPair < NONE || (pendingPair != NONE && pendingPair > draw - PAIR_DRAWS)) {
            throw new IllegalArgumentException(
                    "a pair of normals that began at draw " + pendingPair + " cannot be kept at draw " + draw);
        }
    }

    /**
     * A position at which no normal is kept.
     *
     * @param draw the number of draws before it, >= 0
     * @return the position
     * @throws IllegalArgumentException if the draw is negative
     */
    public static StreamPosition at(long draw) {
        return new StreamPosition(draw, NONE);
    }

    /**
     * The position after {@code uniform_} on a contiguous tensor.
     *
     * @param elements the tensor's elements, >= 0
     * @param dtype the tensor's dtype
     * @return the position after it
     * @throws IllegalArgumentException if the number is negative, or the dtype is INT64, which is never drawn
     * @throws ArithmeticException if the position exceeds 2^63-1
     */
    public StreamPosition afterUniform(long elements, TorchDtype dtype) {
        return advanced(Math.multiplyExact(counted(elements), drawsPerUniform(dtype)));
    }

    /**
     * The position after {@code normal_} on a contiguous tensor.
     *
     * @param elements the tensor's elements, >= 0
     * @param dtype the tensor's dtype
     * @param era the rules
     * @return the position after it
     * @throws IllegalArgumentException if the number is negative, or the dtype is INT64, which is never drawn
     * @throws ArithmeticException if the position exceeds 2^63-1
     */
    public StreamPosition afterNormal(long elements, TorchDtype dtype, TorchEra era) {
        int draws = drawsPerUniform(dtype);
        if (counted(elements) < NormalBlocks.SIZE) {
            return afterScalarNormals(elements);
        }
        long tail = elements % NormalBlocks.SIZE;
        long uniforms;
        if (dtype.isReduced() && era.wideHalves()) {
            uniforms = elements - tail + (tail == 0 ? 0 : NormalBlocks.SIZE);
        } else {
            uniforms = Math.addExact(elements, tail == 0 ? 0 : NormalBlocks.SIZE);
        }
        return advanced(Math.multiplyExact(uniforms, draws));
    }

    private static long counted(long elements) {
        if (elements < 0) {
            throw new IllegalArgumentException("a tensor of " + elements + " elements does not exist");
        }
        return elements;
    }

    private StreamPosition afterScalarNormals(long elements) {
        long fresh = pendingPair == NONE ? elements : elements - 1;
        if (elements == 0 || fresh == 0) {
            return elements == 0 ? this : at(draw);
        }
        long pairs = (fresh + 1) / 2;
        long end = Math.addExact(draw, pairs * PAIR_DRAWS);
        return new StreamPosition(end, fresh % 2 == 0 ? NONE : end - PAIR_DRAWS);
    }

    private StreamPosition advanced(long draws) {
        return new StreamPosition(Math.addExact(draw, draws), pendingPair);
    }

    private static int drawsPerUniform(TorchDtype dtype) {
        if (dtype.drawsPerUniform() == 0) {
            throw new IllegalArgumentException("a tensor of " + dtype + " is never drawn");
        }
        return dtype.drawsPerUniform();
    }
}
