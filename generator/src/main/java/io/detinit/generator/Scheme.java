package io.detinit.generator;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How the weights of a tensor are scaled, and from which distribution they come.
 *
 * <p>Sources: He et al. 2015 (he), Glorot and Bengio 2010 (xavier), LeCun et al. 1998 (lecun), Saxe et al. 2014
 * (orthogonal; blocks for the gates of recurrent layers), Ramanujan et al. 2020 (signed_constant). A uniform scheme has the standard deviation of its normal one:
 * bound = sqrt(3) * std. The projections of an attention of width d_model take {@code custom} with std 1 / sqrt(d_model).
 *
 * @param kind which scheme
 * @param parameter std of {@code custom} and of the base {@code custom}, bound of {@code uniform}, value of
 *     {@code constant}; NaN for all others
 * @param base the scheme whose std {@code orthogonal}, {@code orthogonal_blocks} and {@code signed_constant} use, one of he, xavier,
 *     lecun and custom; null for all others
 */
public record Scheme(Kind kind, double parameter, @Nullable Kind base) implements Serializable {

    /** The schemes by name. */
    public enum Kind {
        /** Normal, std = sqrt(2 / fan_in). */
        HE,
        /** Normal, std = sqrt(2 / (fan_in + fan_out)). */
        XAVIER,
        /** Normal, std = sqrt(1 / fan_in). */
        LECUN,
        /** Uniform with the std of {@link #HE}. */
        HE_UNIFORM,
        /** Uniform with the std of {@link #XAVIER}. */
        XAVIER_UNIFORM,
        /** Uniform with the std of {@link #LECUN}. */
        LECUN_UNIFORM,
        /** Normal with a given std. */
        CUSTOM,
        /** Uniform in (-bound, bound]. */
        UNIFORM,
        /** The orthogonal factor of a matrix of normals, times std * sqrt(max(rows, cols)) of the base scheme. */
        ORTHOGONAL,
        /**
         * Square blocks one below the other, each the orthogonal factor of its own matrix of normals, times std * sqrt(cols) of the base
         * scheme: the hidden-to-hidden weights of a recurrent layer, whose gates are stacked.
         */
        ORTHOGONAL_BLOCKS,
        /** Plus or minus the std of the base scheme, each with probability 1/2. */
        SIGNED_CONSTANT,
        /** All 0. */
        ZEROS,
        /** All 1. */
        ONES,
        /** All one given value. */
        CONSTANT;

        /** {@return the name in plans and on the command line, such as {@code he_uniform}} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** He normal, fan-in. */
    public static final Scheme HE = new Scheme(Kind.HE, Double.NaN);
    /** Xavier (Glorot) normal. */
    public static final Scheme XAVIER = new Scheme(Kind.XAVIER, Double.NaN);
    /** LeCun normal. */
    public static final Scheme LECUN = new Scheme(Kind.LECUN, Double.NaN);
    /** He uniform, fan-in. */
    public static final Scheme HE_UNIFORM = new Scheme(Kind.HE_UNIFORM, Double.NaN);
    /** Xavier (Glorot) uniform. */
    public static final Scheme XAVIER_UNIFORM = new Scheme(Kind.XAVIER_UNIFORM, Double.NaN);
    /** LeCun uniform. */
    public static final Scheme LECUN_UNIFORM = new Scheme(Kind.LECUN_UNIFORM, Double.NaN);
    /** Orthogonal with the std of {@link #HE}. */
    public static final Scheme ORTHOGONAL = orthogonal(HE);
    /** Plus or minus the std of {@link #HE}. */
    public static final Scheme SIGNED_CONSTANT = signedConstant(HE);
    /** All zeros. */
    public static final Scheme ZEROS = new Scheme(Kind.ZEROS, Double.NaN);
    /** All ones. */
    public static final Scheme ONES = new Scheme(Kind.ONES, Double.NaN);

    /**
     * Checks the parameter and the base.
     *
     * @throws IllegalArgumentException if a needed parameter is missing, NaN, infinite or (std, bound) not positive, or one
     *     is given that the scheme does not take; likewise for the base
     */
    public Scheme {
        Objects.requireNonNull(kind, "kind");
        boolean based = kind == Kind.ORTHOGONAL || kind == Kind.ORTHOGONAL_BLOCKS || kind == Kind.SIGNED_CONSTANT;
        if (based != (base != null)) {
            throw new IllegalArgumentException("scheme " + kind.id()
                    + (base == null ? " needs a base" : " takes no base, " + base.id() + " given"));
        }
        switch (base == null ? kind : checkBase(kind, base)) {
            case CUSTOM, UNIFORM -> {
                if (!(parameter > 0) || Double.isInfinite(parameter)) {
                    throw new IllegalArgumentException(
                            "scheme " + kind.id() + " has the " + (kind == Kind.UNIFORM ? "bound " : "std ") + parameter
                                    + "; it must be positive and finite");
                }
            }
            case CONSTANT -> {
                if (Double.isNaN(parameter) || Double.isInfinite(parameter)) {
                    throw new IllegalArgumentException(
                            "scheme constant has the value " + parameter + "; it must be finite");
                }
            }
            default -> {
                if (!Double.isNaN(parameter)) {
                    throw new IllegalArgumentException("scheme " + kind.id() + (base == null ? "" : ":" + base.id())
                            + " takes no parameter, " + parameter + " given");
                }
            }
        }
    }

    /**
     * A scheme without a base.
     *
     * @param kind any but orthogonal, orthogonal_blocks and signed_constant
     * @param parameter as above
     * @throws IllegalArgumentException as above
     */
    public Scheme(Kind kind, double parameter) {
        this(kind, parameter, null);
    }

    private static Kind checkBase(Kind kind, Kind base) {
        return switch (base) {
            case HE, XAVIER, LECUN, CUSTOM -> base;
            default ->
                throw new IllegalArgumentException(
                        "scheme " + kind.id() + " has the base " + base.id() + "; it is he, xavier, lecun or custom");
        };
    }

    /**
     * Normal with a given standard deviation.
     *
     * @param std positive and finite
     * @return the scheme
     */
    public static Scheme custom(double std) {
        return new Scheme(Kind.CUSTOM, std);
    }

    /**
     * Uniform with a given bound.
     *
     * @param bound positive and finite
     * @return the scheme
     */
    public static Scheme uniform(double bound) {
        return new Scheme(Kind.UNIFORM, bound);
    }

    /**
     * All one value.
     *
     * @param value finite
     * @return the scheme
     */
    public static Scheme constant(double value) {
        return new Scheme(Kind.CONSTANT, value);
    }

    /**
     * Orthogonal rows or columns (whichever are fewer), with the std of a base scheme.
     *
     * @param base he, xavier, lecun or custom
     * @return the scheme
     * @throws IllegalArgumentException if the base is another
     */
    public static Scheme orthogonal(Scheme base) {
        return new Scheme(Kind.ORTHOGONAL, base.parameter, base.kind);
    }

    /**
     * Square orthogonal blocks one below the other, with the std of a base scheme; lecun makes each orthonormal.
     *
     * @param base he, xavier, lecun or custom
     * @return the scheme
     * @throws IllegalArgumentException if the base is another
     */
    public static Scheme orthogonalBlocks(Scheme base) {
        return new Scheme(Kind.ORTHOGONAL_BLOCKS, base.parameter, base.kind);
    }

    /**
     * Plus or minus the std of a base scheme.
     *
     * @param base he, xavier, lecun or custom
     * @return the scheme
     * @throws IllegalArgumentException if the base is another
     */
    public static Scheme signedConstant(Scheme base) {
        return new Scheme(Kind.SIGNED_CONSTANT, base.parameter, base.kind);
    }

    /** {@return the names of all schemes, in the order of {@link Kind}} */
    public static List<String> names() {
        return java.util.Arrays.stream(Kind.values()).map(Kind::id).toList();
    }

    /**
     * Reads a scheme: a name; {@code custom:STD}, {@code uniform:BOUND}, {@code constant:VALUE}; {@code orthogonal}, {@code
     * orthogonal_blocks} or {@code signed_constant}, alone for the base he or with one, such as {@code orthogonal:xavier} and
     * {@code signed_constant:custom:0.05}.
     *
     * @param text as {@link #toString} writes it
     * @return the scheme
     * @throws IllegalArgumentException if the name is unknown (the message lists the known ones) or the parameter is bad
     */
    public static Scheme parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? "" : text.substring(colon + 1);
        for (Kind kind : Kind.values()) {
            if (kind.id().equals(name)) {
                return switch (kind) {
                    case ORTHOGONAL -> orthogonal(colon < 0 ? HE : parse(rest));
                    case ORTHOGONAL_BLOCKS -> orthogonalBlocks(colon < 0 ? HE : parse(rest));
                    case SIGNED_CONSTANT -> signedConstant(colon < 0 ? HE : parse(rest));
                    default -> new Scheme(kind, colon < 0 ? Double.NaN : number(text, rest));
                };
            }
        }
        throw new IllegalArgumentException("unknown scheme '" + text + "'; known: " + String.join(", ", names())
                + " (as custom:STD, uniform:BOUND, constant:VALUE where they take a number; orthogonal, orthogonal_blocks and"
                + " signed_constant take a base, as orthogonal:xavier)");
    }

    private static double number(String text, String digits) {
        try {
            return Double.parseDouble(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("scheme '" + text + "': '" + digits + "' is not a number", e);
        }
    }

    /** {@return whether the values depend on the seed and the address, so that the tensor takes a layer id} */
    public boolean isRandom() {
        return kind != Kind.ZEROS && kind != Kind.ONES && kind != Kind.CONSTANT;
    }

    /** {@return whether the values are uniformly distributed} */
    public boolean isUniform() {
        return switch (kind) {
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM -> true;
            default -> false;
        };
    }

    /**
     * The standard deviation this scheme aims at.
     *
     * @param shape the shape of the tensor
     * @return the std; 0 for zeros, ones and constant
     * @throws IllegalArgumentException if the scheme needs a fan, or a matrix, and the rank is below 2, or blocks and the rows are no
     *     multiple of the columns
     */
    public double std(TensorShape shape) {
        boolean blocks = kind == Kind.ORTHOGONAL_BLOCKS;
        if ((blocks || kind == Kind.ORTHOGONAL) && shape.rank() < 2) {
            throw new IllegalArgumentException("scheme " + kind.id() + ": a tensor of shape " + shape + " (rank "
                    + shape.rank() + ") is no matrix; it takes rank >= 2");
        }
        if (blocks && shape.elements() > 0 && shape.rows() % shape.cols() != 0) {
            throw new IllegalArgumentException("scheme orthogonal_blocks: a matrix of " + shape.rows() + " x "
                    + shape.cols() + " is no stack of square blocks; the rows must be a multiple of the columns");
        }
        return std(base == null ? kind : base, shape);
    }

    private double std(Kind from, TensorShape shape) {
        return switch (from) {
            case HE, HE_UNIFORM -> Math.sqrt(2.0 / fanIn(shape));
            case XAVIER, XAVIER_UNIFORM -> Math.sqrt(2.0 / ((double) fanIn(shape) + shape.fanOut()));
            case LECUN, LECUN_UNIFORM -> Math.sqrt(1.0 / fanIn(shape));
            case CUSTOM -> parameter;
            case UNIFORM -> parameter / Math.sqrt(3.0);
            case ZEROS, ONES, CONSTANT -> 0;
            case ORTHOGONAL, ORTHOGONAL_BLOCKS, SIGNED_CONSTANT ->
                throw new IllegalStateException("a base is a normal scheme");
        };
    }

    /**
     * The bound of a uniform scheme.
     *
     * @param shape the shape of the tensor
     * @return the bound: values lie in (-bound, bound]; empty where the scheme is not uniform
     * @throws IllegalArgumentException if the scheme needs a fan and the rank is below 2
     */
    public OptionalDouble bound(TensorShape shape) {
        if (!isUniform()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(kind == Kind.UNIFORM ? parameter : Math.sqrt(3.0) * std(shape));
    }

    private long fanIn(TensorShape shape) {
        try {
            return shape.fanIn();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("scheme " + kind.id() + ": " + e.getMessage(), e);
        }
    }

    /** {@return the scheme as {@link #parse} reads it} */
    @Override
    public String toString() {
        String text = kind.id();
        if (base != null && !(base == Kind.HE)) {
            text += ":" + base.id();
        }
        return Double.isNaN(parameter) ? text : text + ":" + parameter;
    }
}
