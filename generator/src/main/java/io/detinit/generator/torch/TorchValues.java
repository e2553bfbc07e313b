package io.detinit.generator.torch;

import java.util.Arrays;
import java.util.Objects;

/**
 * The values of one {@link TorchInit}, in pieces: any range of a tensor of any size, bit for bit what
 * {@link TorchInit#floats()} and {@link TorchInit#doubles()} give, without the whole tensor in memory.
 *
 * <p>A tensor of {@value #PIECE} elements or fewer is made whole the first time and kept. Of a larger one nothing is kept but states
 * of the generator ({@link TorchStream}); ranges that follow one another cost what the generator costs, a range elsewhere passes
 * over the draws before it first. One kept state is always the end of a range that was made, so that several threads
 * which take ranges in about ascending order seldom pass over more than one range.
 *
 * <p>Safe for use by many threads.
 */
public final class TorchValues {

    private static final int PIECE = 1 << 16;

    private final TorchInit init;
    private final TorchFill fill;
    private final TorchStream stream;
    private final long elements;
    private volatile double[] whole = new double[0];

    /**
     * The values of a tensor.
     *
     * @param init the tensor
     */
    public TorchValues(TorchInit init) {
        this(init, new TorchStream(init.seed()));
    }

    /**
     * The values of a tensor, from a stream that other tensors of the same seed use too: what one of them has passed over,
     * the next one need not.
     *
     * @param init the tensor
     * @param stream the stream of its seed
     * @throws IllegalArgumentException if the stream is another seed's
     */
    public TorchValues(TorchInit init, TorchStream stream) {
        if ((int) init.seed() != (int) stream.seed()) {
            throw new IllegalArgumentException(
                    "the stream of seed " + stream.seed() + " cannot make a tensor of seed " + init.seed());
        }
        this.init = init;
        this.fill = init.fill() instanceof TorchFill.ZeroRow zero ? zero.fill() : init.fill();
        this.stream = stream;
        this.elements = init.shape().elements();
    }

    /** {@return the tensor} */
    public TorchInit init() {
        return init;
    }

    /**
     * A range of the values in row-major order, as float32; those of float16 and bfloat16 widened, those of float64 rounded.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fill(long from, float[] destination, int offset, int count) {
        Objects.checkFromIndexSize(offset, count, destination.length);
        Objects.checkFromIndexSize(from, count, elements);
        for (int done = 0; done < count; ) {
            int now = Math.min(PIECE, count - done);
            if (isWhole() || init.dtype().bytes() > 4) {
                double[] values = new double[now];
                doubles(from + done, values);
                for (int k = 0; k < now; k++) {
                    destination[offset + done + k] = (float) values[k];
                }
            } else {
                System.arraycopy(floats(from + done, now), 0, destination, offset + done, now);
            }
            done += now;
        }
    }

    /**
     * A range of the values in row-major order, exact.
     *
     * @param from the first element
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fill(long from, double[] destination, int offset, int count) {
        Objects.checkFromIndexSize(offset, count, destination.length);
        Objects.checkFromIndexSize(from, count, elements);
        for (int done = 0; done < count; ) {
            double[] values = new double[Math.min(PIECE, count - done)];
            doubles(from + done, values);
            System.arraycopy(values, 0, destination, offset + done, values.length);
            done += values.length;
        }
    }

    private boolean isWhole() {
        return elements <= PIECE || !fill.isRandom();
    }

    private void doubles(long from, double[] out) {
        if (fill instanceof TorchFill.Constant constant) {
            Arrays.fill(out, rounded(constant.value()));
            clearRow(from, out.length, (first, end) -> Arrays.fill(out, first, end, 0));
        } else if (isWhole()) {
            System.arraycopy(whole(), (int) from, out, 0, out.length);
        } else if (init.dtype().bytes() > 4) {
            wide(from, out);
        } else {
            float[] narrow = floats(from, out.length);
            for (int k = 0; k < out.length; k++) {
                out[k] = narrow[k];
            }
        }
    }

    private double rounded(double constant) {
        return init.dtype().bytes() > 4 ? constant : NormalBlocks.round((float) constant, init.dtype());
    }

    private double[] whole() {
        double[] values = whole;
        if (values.length == 0) {
            values = init.doubles(new TorchGenerator(init.seed(), init.kernels(), stream.at(before())));
            whole = values;
        }
        return values;
    }

    /** From where the generator itself goes on to the start; a kept normal is not on the stream. */
    private long before() {
        return init.start().draw();
    }

    /** A range of a float64 tensor of more than {@value #PIECE} elements. */
    private void wide(long from, double[] out) {
        if (fill instanceof TorchFill.Uniform uniform) {
            draw(from, generator -> generator.uniform(uniform.from(), uniform.to(), out));
        } else if (fill instanceof TorchFill.Normal normal) {
            long first = from - from % NormalBlocks.SIZE;
            double[] blocks = new double[blocks(first, from + out.length)];
            if (blocks.length > 0) {
                draw(first, generator -> generator.normal(normal.mean(), normal.std(), blocks));
                int skipped = (int) (from - first);
                System.arraycopy(blocks, skipped, out, 0, Math.min(out.length, blocks.length - skipped));
            }
            if (reachesTail(from + out.length)) {
                double[] tail = new double[NormalBlocks.SIZE];
                drawAt(tailDraw(), generator -> generator.normal(normal.mean(), normal.std(), tail));
                overlay(
                        from,
                        out.length,
                        (source, target, count) -> System.arraycopy(tail, source, out, target, count));
            }
        }
        clearRow(from, out.length, (first, end) -> Arrays.fill(out, first, end, 0));
    }

    /** A range of a tensor of more than {@value #PIECE} elements of at most 4 bytes. */
    private float[] floats(long from, int count) {
        float[] out = new float[count];
        if (fill instanceof TorchFill.Uniform uniform) {
            draw(from, generator -> generator.uniform(uniform.from(), uniform.to(), out, init.dtype()));
        } else if (fill instanceof TorchFill.Normal normal) {
            long first = from - from % NormalBlocks.SIZE;
            float[] blocks = new float[blocks(first, from + count)];
            if (blocks.length > 0) {
                draw(first, generator -> generator.normal(normal.mean(), normal.std(), blocks, init.dtype()));
                int skipped = (int) (from - first);
                System.arraycopy(blocks, skipped, out, 0, Math.min(count, blocks.length - skipped));
            }
            if (reachesTail(from + count)) {
                float[] tail = new float[NormalBlocks.SIZE];
                drawAt(tailDraw(), generator -> generator.normal(normal.mean(), normal.std(), tail, init.dtype()));
                overlay(from, count, (source, target, length) -> System.arraycopy(tail, source, out, target, length));
            }
        }
        clearRow(from, count, (first, end) -> Arrays.fill(out, first, end, 0));
        return out;
    }

    /** The elements of the whole blocks that cover a range, those of the tensor's last, broken block left out. */
    private int blocks(long first, long end) {
        long covered = (end + NormalBlocks.SIZE - 1) / NormalBlocks.SIZE * NormalBlocks.SIZE;
        return (int) Math.max(0, Math.min(covered, elements - elements % NormalBlocks.SIZE) - first);
    }

    private boolean reachesTail(long end) {
        return elements % NormalBlocks.SIZE != 0 && end > elements - NormalBlocks.SIZE;
    }

    /** Where the last sixteen elements are drawn, which a size that 16 does not divide draws once more. */
    private long tailDraw() {
        boolean blockwise = init.dtype().isReduced() && init.kernels().era().wideHalves();
        long passed = blockwise ? elements - elements % NormalBlocks.SIZE : elements;
        return drawOf(passed);
    }

    private long drawOf(long element) {
        return Math.addExact(
                init.start().draw(), Math.multiplyExact(element, init.dtype().drawsPerUniform()));
    }

    /** A piece of work that draws. */
    private interface Drawing {
        void from(TorchGenerator generator);
    }

    private void draw(long element, Drawing drawing) {
        drawAt(drawOf(element), drawing);
    }

    private void drawAt(long draw, Drawing drawing) {
        Mt19937 state = stream.at(draw);
        drawing.from(new TorchGenerator(init.seed(), init.kernels(), state));
        stream.keep(state);
    }

    /** Copies elements of the last sixteen to where a range has them. */
    private interface TailCopy {
        void copy(int source, int target, int count);
    }

    private void overlay(long from, int count, TailCopy copy) {
        long tail = elements - NormalBlocks.SIZE;
        int source = (int) Math.max(0, from - tail);
        int target = (int) Math.max(0, tail - from);
        copy.copy(source, target, Math.min(count - target, NormalBlocks.SIZE - source));
    }

    /** Clears part of a range. */
    private interface Clearing {
        void clear(int first, int end);
    }

    private void clearRow(long from, int count, Clearing clearing) {
        if (init.fill() instanceof TorchFill.ZeroRow zero) {
            long row = elements / init.shape().dim(0);
            long first = Math.max(zero.row() * row - from, 0);
            long end = Math.min((zero.row() + 1) * row - from, count);
            if (first < end) {
                clearing.clear((int) first, (int) end);
            }
        }
    }
}
