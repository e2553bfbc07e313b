package io.detinit.interop.transfer;

import java.util.Locale;

/** What led to a match; {@link Content} says how far the weights confirm it. */
public enum How {
    /** The very name. */
    NAME,
    /**
     * The name without wrappers and containers, or its end; for a weight that an exporter renamed, the module path that it noted.
     */
    CANONICAL_NAME,
    /** The weights alone. */
    CONTENT,
    /** The weights, row by row: the exporter split, joined or reordered them. */
    ROWS;

    /** {@return the name in reports, such as {@code canonical-name}} */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
