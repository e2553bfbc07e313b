package io.detinit.generator.torch;

import java.util.Objects;

/**
 * PyTorch's CPU generator: what {@code uniform_} and {@code normal_} write into contiguous tensors.
 *
 * <p>Mutable: holds a position; not for use by several threads at once. Cost: a few nanoseconds a uniform
 * value, about ten a normal one of float32 and twenty of float64.
 *
 * <p>Source: {@code aten/src/ATen/native/cpu/DistributionTemplates.h}, {@code aten/src/ATen/core/DistributionsHelper.h} and
 * {@code TransformationHelper.h} of PyTorch 1.13, 2.7, 2.12 and 2.15.
 */
public final class TorchGenerator {

    private final long seed;
    private final TorchKernels kernels;
    private final Mt19937 stream;
    private StreamPosition kept = StreamPosition.START;

    /** The second normal of the pair that began at draw {@code sineOf}. */
    private double sine;

    private long sineOf = StreamPosition.NONE;

    /**
     * The generator right after {@code torch.manual_seed(seed)}.
     *
     * @param seed the seed; only its low 32 bits matter
     * @param kernels the build to replay
     */
    public TorchGenerator(long seed, TorchKernels kernels) {
        this(seed, kernels, new Mt19937(seed));
    }

    /** A generator that draws from a stream of that seed, from where it is; no normal is kept. */
    TorchGenerator(long seed, TorchKernels kernels, Mt19937 stream) {
        this.seed = seed;
        this.kernels = Objects.requireNonNull(kernels, "kernels");
        this.stream = stream;
    }

    /** {@return where the next draw is, and which normal is kept} */
    public StreamPosition position() {
        return new StreamPosition(stream.position(), kept.pendingPair());
    }

    /**
     * Moves forward without making values.
     *
     * @param to a position not before this one
     * @throws IllegalArgumentException if the position has passed
     */
    public void advanceTo(StreamPosition to) {
        stream.skip(Math.subtractExact(to.draw(), stream.position()));
        kept = to;
    }

    /**
     * {@code uniform_(from, to)} on a contiguous tensor of 4 bytes an element or fewer.
     *
     * @param from the lower bound, included
     * @param to the upper bound, excluded but for rounding; at least {@code from}
     * @param out receives the values in memory order; those of float16 and bfloat16 widened, exactly
     * @param dtype the tensor's dtype, not FLOAT64 or INT64
     * @throws IllegalArgumentException if the bounds or their distance are outside the dtype's range or in the wrong order, or
     *     the dtype does not fit
     */
    public void uniform(double from, double to, float[] out, TorchDtype dtype) {
        requireSingle(dtype);
        requireBounds(from, to, dtype);
        boolean wide = !dtype.isReduced() || kernels.era().wideHalves();
        int digits = wide ? TorchDtype.FLOAT32.digits() : dtype.digits();
        float low = wide ? (float) from : NormalBlocks.round((float) from, dtype);
        float high = wide ? (float) to : NormalBlocks.round((float) to, dtype);
        float span = wide ? high - low : NormalBlocks.round(high - low, dtype);
        float lowest = NormalBlocks.round((float) from, dtype);
        float bound = NormalBlocks.round((float) to, dtype);
        for (int i = 0; i < out.length; i++) {
            float x = unit(digits);
            float value = fused() ? Math.fma(x, span, low) : x * span + low;
            value = NormalBlocks.round(value, dtype);
            out[i] = kernels.era().wideHalves() && value == bound ? lowest : value;
        }
    }

    /**
     * {@code uniform_(from, to)} on a contiguous float64 tensor.
     *
     * @param from the lower bound, included
     * @param to the upper bound, excluded but for rounding; at least {@code from}
     * @param out receives the values in memory order
     * @throws IllegalArgumentException if the bounds or their distance are not finite, or in the wrong order
     */
    public void uniform(double from, double to, double[] out) {
        requireBounds(from, to, TorchDtype.FLOAT64);
        double span = to - from;
        for (int i = 0; i < out.length; i++) {
            double x = unit64();
            double value = fused() ? Math.fma(x, span, from) : x * span + from;
            out[i] = kernels.era().wideHalves() && value == to ? from : value;
        }
    }

    /**
     * {@code normal_(mean, std)} on a contiguous tensor of 4 bytes an element or fewer.
     *
     * @param mean the mean
     * @param std the standard deviation, >= 0
     * @param out receives the values in memory order; those of float16 and bfloat16 widened, exactly
     * @param dtype the tensor's dtype, not FLOAT64 or INT64
     * @throws IllegalArgumentException if the mean or the deviation is not a number, the deviation is negative, or the dtype
     *     does not fit
     */
    public void normal(double mean, double std, float[] out, TorchDtype dtype) {
        requireMoments(mean, std);
        requireSingle(dtype);
        int n = out.length;
        if (n < NormalBlocks.SIZE) {
            for (int i = 0; i < n; i++) {
                out[i] = NormalBlocks.round((float) scalarNormal(mean, std), dtype);
            }
        } else if (dtype.isReduced() && kernels.era().wideHalves()) {
            for (int at = 0; at <= n - NormalBlocks.SIZE; at += NormalBlocks.SIZE) {
                block(mean, std, out, at, dtype);
            }
            if (n % NormalBlocks.SIZE != 0) {
                block(mean, std, out, n - NormalBlocks.SIZE, dtype);
            }
        } else {
            fillUnits(out, 0, dtype.digits());
            for (int at = 0; at <= n - NormalBlocks.SIZE; at += NormalBlocks.SIZE) {
                transform(mean, std, out, at, dtype);
            }
            if (n % NormalBlocks.SIZE != 0) {
                fillUnits(out, n - NormalBlocks.SIZE, dtype.digits());
                transform(mean, std, out, n - NormalBlocks.SIZE, dtype);
            }
        }
    }

    /**
     * {@code normal_(mean, std)} on a contiguous float64 tensor. The logarithm, sine and cosine are {@link StrictMath}'s;
     * against another C library's the last places may differ.
     *
     * @param mean the mean
     * @param std the standard deviation, >= 0
     * @param out receives the values in memory order
     * @throws IllegalArgumentException if the mean or the deviation is not a number or the deviation is negative
     */
    public void normal(double mean, double std, double[] out) {
        requireMoments(mean, std);
        int n = out.length;
        if (n < NormalBlocks.SIZE) {
            for (int i = 0; i < n; i++) {
                out[i] = scalarNormal(mean, std);
            }
            return;
        }
        fillUnits(out, 0);
        for (int at = 0; at <= n - NormalBlocks.SIZE; at += NormalBlocks.SIZE) {
            NormalBlocks.transform(out, at, mean, std, fusedNormals(kernels.normal()));
        }
        if (n % NormalBlocks.SIZE != 0) {
            fillUnits(out, n - NormalBlocks.SIZE);
            NormalBlocks.transform(out, n - NormalBlocks.SIZE, mean, std, fusedNormals(kernels.normal()));
        }
    }

    /** A block of a reduced dtype made in float32. */
    private void block(double mean, double std, float[] out, int at, TorchDtype dtype) {
        float[] wide = new float[NormalBlocks.SIZE];
        fillUnits(wide, 0, TorchDtype.FLOAT32.digits());
        NormalKernel kernel = kernels.era().wideHalvesBy(kernels.normal());
        boolean rounded = kernels.era().roundsMoments();
        float centre = rounded ? NormalBlocks.round((float) mean, dtype) : (float) mean;
        float width = rounded ? NormalBlocks.round((float) std, dtype) : (float) std;
        NormalBlocks.transform(wide, 0, centre, width, kernel, fusedNormals(kernel));
        for (int j = 0; j < wide.length; j++) {
            out[at + j] = NormalBlocks.round(wide[j], dtype);
        }
    }

    private void transform(double mean, double std, float[] out, int at, TorchDtype dtype) {
        float centre = NormalBlocks.round((float) mean, dtype);
        float width = NormalBlocks.round((float) std, dtype);
        if (kernels.era().normalsInFloat(dtype)) {
            NormalBlocks.transformInFloat(out, at, centre, width, dtype, fused());
        } else if (dtype.isReduced()) {
            NormalBlocks.transformReduced(out, at, centre, width, dtype);
        } else {
            NormalBlocks.transform(out, at, centre, width, kernels.normal(), fusedNormals(kernels.normal()));
        }
    }

    private double scalarNormal(double mean, double std) {
        double normal;
        if (kept.pendingPair() != StreamPosition.NONE) {
            normal = keptNormal(kept.pendingPair());
            kept = StreamPosition.START;
        } else {
            sineOf = stream.position();
            normal = pair(unit64(), unit64());
            kept = new StreamPosition(stream.position(), sineOf);
        }
        return NormalBlocks.scale(normal, mean, std, fused());
    }

    private double keptNormal(long pair) {
        if (pair != sineOf) { // this generator passed over the pair
            Mt19937 again = new Mt19937(seed);
            again.skip(pair);
            pair(unit64(again), unit64(again));
        }
        return sine;
    }

    /** The first normal of a pair; remembers the second. */
    private double pair(double u1, double u2) {
        double radius = Math.sqrt(-2 * StrictMath.log1p(-u2));
        double theta = 2 * Math.PI * u1;
        sine = radius * StrictMath.sin(theta);
        return radius * StrictMath.cos(theta);
    }

    private void fillUnits(float[] out, int from, int digits) {
        for (int i = from; i < out.length; i++) {
            out[i] = unit(digits);
        }
    }

    private void fillUnits(double[] out, int from) {
        for (int i = from; i < out.length; i++) {
            out[i] = unit64();
        }
    }

    /** A uniform value in [0, 1) of so many bits: exact. */
    private float unit(int digits) {
        return (float) (stream.next() & ((1 << digits) - 1)) / (1 << digits);
    }

    private double unit64() {
        return unit64(stream);
    }

    private static double unit64(Mt19937 stream) {
        return (stream.next64() & ((1L << 53) - 1)) * 0x1p-53;
    }

    private boolean fused() {
        return kernels.variant() == TorchVariant.FUSED;
    }

    /** Whether a block's last multiply-add is fused: asked for by name with AVX2's functions and from 2.13 on. */
    private boolean fusedNormals(NormalKernel kernel) {
        return fused() || kernel == NormalKernel.AVX2 || kernels.era().fusesNormals();
    }

    private static void requireSingle(TorchDtype dtype) {
        if (dtype.bytes() > 4) {
            throw new IllegalArgumentException("a tensor of " + dtype + " does not fit an array of float");
        }
    }

    private static void requireBounds(double from, double to, TorchDtype dtype) {
        double most = dtype.largest();
        if (!(from <= to && from >= -most && to <= most && to - from <= most)) {
            throw new IllegalArgumentException("uniform_ on " + dtype
                    + " needs bounds from <= to in its range, and no further apart than " + most + "; found " + from
                    + " and " + to);
        }
    }

    private static void requireMoments(double mean, double std) {
        if (!Double.isFinite(mean) || !(std >= 0 && std <= Double.MAX_VALUE)) {
            throw new IllegalArgumentException(
                    "normal_ needs a finite mean and a finite std >= 0, found " + mean + " and " + std);
        }
    }
}
