package io.detinit.interop.transfer;

import java.util.Locale;

/** How the weights of a matched pair compare, element by element. */
public enum Content {
    /** Every element has the same value; where the dtypes differ, the same real number. */
    IDENTICAL,
    /** The dtypes differ, and every element lies within a spacing of the narrower one: 2^-10 (F16), 2^-7 (BF16), 2^-23 (F32). */
    ROUNDED,
    /**
     * Each output row, or each slice along the second axis, is that of the source times a factor of its own: a normalisation was
     * folded in. Zeros stay zeros; initial values do not stay initial values.
     */
    SCALED,
    /** Other values: the model was trained further, or is another one. */
    DIFFERS;

    /** {@return the name in reports} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return whether the values are those of the source, to within rounding} */
    public boolean isSame() {
        return this == IDENTICAL || this == ROUNDED;
    }
}
