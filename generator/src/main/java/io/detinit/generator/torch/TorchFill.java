package io.detinit.generator.torch;

import java.util.Objects;

/** What an initialisation writes into a tensor. */
public sealed interface TorchFill {

    /**
     * The position on the stream after this fill.
     *
     * @param start the position before it
     * @param elements the tensor's elements, >= 0
     * @param dtype the tensor's dtype
     * @param era the rules
     * @return the position after it; {@code start} where nothing is drawn
     * @throws IllegalArgumentException if something is drawn and the number is negative or the dtype INT64
     */
    StreamPosition after(StreamPosition start, long elements, TorchDtype dtype, TorchEra era);

    /** {@return whether values are drawn} */
    boolean isRandom();

    /**
     * {@code uniform_(from, to)}.
     *
     * @param from the lower bound, included
     * @param to the upper bound, excluded but for rounding
     */
    record Uniform(double from, double to) implements TorchFill {

        /**
         * Checks the bounds.
         *
         * @throws IllegalArgumentException if they are not finite or in the wrong order
         */
        public Uniform {
            if (!(from <= to) || !Double.isFinite(to - from)) {
                throw new IllegalArgumentException("[" + from + ", " + to + ") is not an interval");
            }
        }

        /**
         * The interval [-bound, bound).
         *
         * @param bound the bound, >= 0
         * @return the fill
         * @throws IllegalArgumentException if the bound is negative or not finite
         */
        public static Uniform within(double bound) {
            return new Uniform(-bound, bound);
        }

        @Override
        public StreamPosition after(StreamPosition start, long elements, TorchDtype dtype, TorchEra era) {
            return start.afterUniform(elements, dtype);
        }

        @Override
        public boolean isRandom() {
            return true;
        }
    }

    /**
     * {@code normal_(mean, std)}.
     *
     * @param mean the mean
     * @param std the standard deviation, >= 0
     */
    record Normal(double mean, double std) implements TorchFill {

        /**
         * Checks the moments.
         *
         * @throws IllegalArgumentException if one is not finite or the deviation is negative
         */
        public Normal {
            if (!Double.isFinite(mean) || !(std >= 0 && std <= Double.MAX_VALUE)) {
                throw new IllegalArgumentException("mean " + mean + " and std " + std + " are not those of a normal");
            }
        }

        @Override
        public StreamPosition after(StreamPosition start, long elements, TorchDtype dtype, TorchEra era) {
            return start.afterNormal(elements, dtype, era);
        }

        @Override
        public boolean isRandom() {
            return true;
        }
    }

    /**
     * Every element the same; draws nothing.
     *
     * @param value the element
     */
    record Constant(double value) implements TorchFill {

        @Override
        public StreamPosition after(StreamPosition start, long elements, TorchDtype dtype, TorchEra era) {
            return start;
        }

        @Override
        public boolean isRandom() {
            return false;
        }
    }

    /**
     * Another fill, after which one row is set to zero: an embedding's {@code padding_idx}.
     *
     * @param fill what is drawn for the whole tensor
     * @param row the row along the first axis, >= 0
     */
    record ZeroRow(TorchFill fill, long row) implements TorchFill {

        /**
         * Checks the row.
         *
         * @throws IllegalArgumentException if it is negative
         */
        public ZeroRow {
            Objects.requireNonNull(fill, "fill");
            if (row < 0) {
                throw new IllegalArgumentException("row " + row + " is negative; rows start at 0");
            }
        }

        @Override
        public StreamPosition after(StreamPosition start, long elements, TorchDtype dtype, TorchEra era) {
            return fill.after(start, elements, dtype, era);
        }

        @Override
        public boolean isRandom() {
            return fill.isRandom();
        }
    }
}
