package io.detinit.generator.torch;

import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.TensorShape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * One tensor's initial values, from what a plan needs to say about it. Everything before it on the stream is passed over, at
 * less than a nanosecond a draw.
 *
 * @param seed the argument of {@code torch.manual_seed}; only its low 32 bits matter
 * @param start where on the stream the tensor's first draw is; of no meaning where nothing is drawn
 * @param shape the tensor's shape; values are made in row-major order
 * @param dtype the dtype it was initialised in
 * @param fill what is written
 * @param kernels the build to replay
 */
public record TorchInit(
        long seed, StreamPosition start, TensorShape shape, TorchDtype dtype, TorchFill fill, TorchKernels kernels) {

    /**
     * Checks that the fill fits.
     *
     * @throws IllegalArgumentException if an integer tensor is drawn, or a row is to be zero that does not exist
     */
    public TorchInit {
        Objects.requireNonNull(start, "start");
        Objects.requireNonNull(kernels, "kernels");
        if (dtype == TorchDtype.INT64 && fill.isRandom()) {
            throw new IllegalArgumentException("a tensor of INT64 is never drawn");
        }
        if (fill instanceof TorchFill.ZeroRow zero && (shape.rank() == 0 || zero.row() >= shape.dim(0))) {
            throw new IllegalArgumentException("a tensor of shape " + shape + " has no row " + zero.row());
        }
    }

    /**
     * A tensor of a rule, at a draw, where no normal is kept.
     *
     * @param seed the seed
     * @param rule the rule
     * @param shape the tensor's shape
     * @param fan the layer's fan; {@link TorchRule#NO_FAN} if the rule has none
     * @param draw the stream position of its first draw, >= 0
     * @param dtype the dtype
     * @param kernels the build
     * @return the tensor
     * @throws IllegalArgumentException if the rule does not fit the shape or the draw is negative
     */
    public static TorchInit of(
            long seed, TorchRule rule, TensorShape shape, long fan, long draw, TorchDtype dtype, TorchKernels kernels) {
        TorchFill fill = rule.fill(shape, fan, kernels.era());
        return new TorchInit(seed, StreamPosition.at(draw), shape, dtype, fill, kernels);
    }

    /** {@return the stream position after the tensor's last draw} */
    public StreamPosition end() {
        return fill.after(start, shape.elements(), dtype, kernels.era());
    }

    /**
     * The values of a tensor of 4 bytes an element or fewer.
     *
     * @return a new array in row-major order; float16 and bfloat16 widened, exactly
     * @throws IllegalArgumentException if the dtype is FLOAT64 or INT64
     * @throws ArithmeticException if there are more than 2^31-1 elements
     */
    public float[] floats() {
        return floats(new TorchGenerator(seed, kernels));
    }

    /** The values, from a generator of the same seed and kernels that has not passed the start. */
    float[] floats(TorchGenerator generator) {
        if (dtype.bytes() > 4) {
            throw new IllegalArgumentException("a tensor of " + dtype + " does not fit an array of float");
        }
        float[] out = new float[length(1)];
        if (fill.isRandom()) {
            generator.advanceTo(start);
        }
        write(fill, out, generator);
        return out;
    }

    private void write(TorchFill what, float[] out, TorchGenerator generator) {
        if (what instanceof TorchFill.Uniform uniform) {
            generator.uniform(uniform.from(), uniform.to(), out, dtype);
        } else if (what instanceof TorchFill.Normal normal) {
            generator.normal(normal.mean(), normal.std(), out, dtype);
        } else if (what instanceof TorchFill.Constant constant) {
            Arrays.fill(out, NormalBlocks.round((float) constant.value(), dtype));
        } else if (what instanceof TorchFill.ZeroRow zero) {
            write(zero.fill(), out, generator);
            int row = Math.toIntExact(shape.elements() / shape.dim(0));
            int from = Math.toIntExact(zero.row() * row);
            Arrays.fill(out, from, from + row, 0);
        }
    }

    /**
     * The values of a tensor of any dtype.
     *
     * @return a new array in row-major order, every value exact
     * @throws ArithmeticException if there are more than 2^31-1 elements
     */
    public double[] doubles() {
        return doubles(new TorchGenerator(seed, kernels));
    }

    /** The values, from a generator of the same seed and kernels that has not passed the start. */
    double[] doubles(TorchGenerator generator) {
        double[] out = new double[length(1)];
        if (dtype.bytes() <= 4) {
            float[] narrow = floats(generator);
            for (int i = 0; i < out.length; i++) {
                out[i] = narrow[i];
            }
            return out;
        }
        if (fill.isRandom()) {
            generator.advanceTo(start);
        }
        write(fill, out, generator);
        return out;
    }

    private void write(TorchFill what, double[] out, TorchGenerator generator) {
        if (what instanceof TorchFill.Uniform uniform) {
            generator.uniform(uniform.from(), uniform.to(), out);
        } else if (what instanceof TorchFill.Normal normal) {
            generator.normal(normal.mean(), normal.std(), out);
        } else if (what instanceof TorchFill.Constant constant) {
            Arrays.fill(out, constant.value());
        } else if (what instanceof TorchFill.ZeroRow zero) {
            write(zero.fill(), out, generator);
            int row = Math.toIntExact(shape.elements() / shape.dim(0));
            int from = Math.toIntExact(zero.row() * row);
            Arrays.fill(out, from, from + row, 0);
        }
    }

    /**
     * The tensor as a checkpoint stores it.
     *
     * @return a new array: the elements in row-major order, little-endian, {@link TorchDtype#bytes()} each
     * @throws ArithmeticException if that is more than 2^31-1 bytes
     */
    public byte[] bytes() {
        return bytes(new TorchGenerator(seed, kernels));
    }

    /** The bytes, from a generator of the same seed and kernels that has not passed the start. */
    byte[] bytes(TorchGenerator generator) {
        ByteBuffer out = ByteBuffer.allocate(length(dtype.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        switch (dtype) {
            case FLOAT16 -> each(floats(generator), value -> out.putShort(ReducedPrecision.toFloat16(value)));
            case BFLOAT16 -> each(floats(generator), value -> out.putShort(ReducedPrecision.toBfloat16(value)));
            case FLOAT32 -> each(floats(generator), out::putFloat);
            case FLOAT64 -> Arrays.stream(doubles(generator)).forEach(out::putDouble);
            case INT64 -> Arrays.stream(doubles(generator)).forEach(value -> out.putLong((long) value));
        }
        return out.array();
    }

    /** The length of an array of so many bytes (or 1) an element. */
    private int length(int each) {
        if (shape.elements() > Integer.MAX_VALUE / each) {
            throw new ArithmeticException("a tensor of shape " + shape + " and dtype " + dtype + " has "
                    + shape.elements() + " elements, more than one Java array holds");
        }
        return Math.multiplyExact((int) shape.elements(), each);
    }

    private interface FloatSink {
        void accept(float value);
    }

    private static void each(float[] values, FloatSink sink) {
        for (float value : values) {
            sink.accept(value);
        }
    }
}
