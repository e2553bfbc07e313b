package io.detinit.generator;

import io.detinit.generator.internal.BlockFiller;
import io.detinit.generator.internal.BlockFiller.Distribution;
import io.detinit.generator.internal.BlockSource;
import io.detinit.generator.internal.BlockTasks;
import io.detinit.generator.internal.ExactNormal;
import io.detinit.generator.internal.ExactUniform;
import io.detinit.generator.internal.FastNormal;
import io.detinit.generator.internal.FillKernel;
import io.detinit.generator.internal.FillKernel.Scratch;
import io.detinit.generator.internal.Kernels;
import io.detinit.generator.internal.OrthogonalBlocks;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The initial values of one tensor, as a function: nothing is stored, any part can be computed at any time. (Only
 * {@code orthogonal} and {@code orthogonal_blocks} have to compute their matrix as a whole, at first use, and keep it: 8 bytes a weight.)
 *
 * <p>Values are float32, correctly rounded (half to even) from the real number that {@code docs/generator.md} defines, so
 * they are the same on every JVM, CPU and thread count, one by one, in bulk or in parallel. Elements are in row-major order
 * of {@link #shape()}.
 *
 * <p>The methods named parallel use the common pool, or the pool of the ForkJoin task that calls them.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class TensorInit {

    private final long seed;
    private final long layer;
    private final TensorShape shape;
    private final Scheme scheme;
    private final double std;
    private final long layerState;
    private volatile @Nullable OrthogonalBlocks orthogonal;

    /**
     * The initial values of a tensor.
     *
     * @param seed the seed, any 64 bits
     * @param layer the layer id, >= 0; it is not used by zeros, ones and constant
     * @param shape the shape
     * @param scheme the scheme
     * @throws IllegalArgumentException if the layer is negative, or the scheme needs a fan and the rank is below 2
     */
    public TensorInit(long seed, long layer, TensorShape shape, Scheme scheme) {
        this.seed = seed;
        this.layer = layer;
        this.shape = Objects.requireNonNull(shape, "shape");
        this.scheme = Objects.requireNonNull(scheme, "scheme");
        if (layer < 0) {
            throw new IllegalArgumentException("layer " + layer + " is negative; layers start at 0");
        }
        this.std = shape.elements() > 0 ? scheme.std(shape) : 0;
        this.layerState = SplitMix64.absorb(seed, layer);
    }

    /**
     * The initial values of a matrix.
     *
     * @param seed the seed
     * @param layer the layer id, >= 0
     * @param rows outputs, the first axis
     * @param cols inputs, the second axis
     * @param scheme the scheme
     * @return its initial values
     */
    public static TensorInit matrix(long seed, long layer, long rows, long cols, Scheme scheme) {
        return new TensorInit(seed, layer, TensorShape.of(rows, cols), scheme);
    }

    /**
     * Which of the kernels computes weights in bulk here, and why; all give the same bits. The system property {@code
     * detinit.kernel} ({@code auto}, {@code scalar}, {@code vector}) and {@code detinit.kernel.bits} ({@code 128}, {@code
     * 256}, {@code 512}) force one.
     *
     * @return such as {@code vector, 512 bits (the widest vectors that this JVM offers on this CPU)}
     * @throws IllegalArgumentException if a system property forces a kernel that cannot run here
     */
    public static String kernel() {
        Kernels.Choice choice = Kernels.active();
        return choice.kernel().description() + " (" + choice.reason() + ")";
    }

    /** {@return the seed, any 64 bits} */
    public long seed() {
        return seed;
    }

    /** {@return the layer id, >= 0; it is not used by zeros, ones and constant} */
    public long layer() {
        return layer;
    }

    /** {@return the shape} */
    public TensorShape shape() {
        return shape;
    }

    /** {@return the scheme} */
    public Scheme scheme() {
        return scheme;
    }

    /** {@return the standard deviation the scheme aims at; 0 for zeros, ones and constant} */
    public double std() {
        return std;
    }

    /**
     * One weight.
     *
     * @param i the row, in [0, {@link TensorShape#rows()})
     * @param j the column, in [0, {@link TensorShape#cols()})
     * @return the float32 nearest to the real weight
     * @throws IndexOutOfBoundsException if the address lies outside the shape
     */
    public float weight(long i, long j) {
        checkAddress(i, j);
        return switch (scheme.kind()) {
            case ZEROS, ONES, CONSTANT -> (float) constant();
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM ->
                ExactUniform.toFloat(SplitMix64.absorb(address(i, j), 0), bound());
            case HE, XAVIER, LECUN, CUSTOM -> {
                long h = address(i, j);
                yield FastNormal.weight(SplitMix64.absorb(h, 0), SplitMix64.absorb(h, 1), std);
            }
            case SIGNED_CONSTANT, ORTHOGONAL, ORTHOGONAL_BLOCKS -> (float) weightAsDouble(i, j);
        };
    }

    /**
     * One weight in double precision, for float64 models.
     *
     * @param i the row
     * @param j the column
     * @return the float64 nearest to the real weight; its cast to float is not always {@link #weight}
     * @throws IndexOutOfBoundsException if the address lies outside the shape
     */
    public double weightAsDouble(long i, long j) {
        checkAddress(i, j);
        return switch (scheme.kind()) {
            case ZEROS, ONES, CONSTANT -> constant();
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM ->
                ExactUniform.toDouble(SplitMix64.absorb(address(i, j), 0), bound());
            case HE, XAVIER, LECUN, CUSTOM -> {
                long h = address(i, j);
                yield ExactNormal.toDouble(SplitMix64.absorb(h, 0), SplitMix64.absorb(h, 1), std);
            }
            case SIGNED_CONSTANT -> SplitMix64.absorb(address(i, j), 0) < 0 ? -std : std;
            case ORTHOGONAL, ORTHOGONAL_BLOCKS -> orthogonal().weight(i, j);
        };
    }

    /**
     * Fills with consecutive elements.
     *
     * @param from the first element, in row-major order over the whole tensor
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many elements
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fill(long from, float[] destination, int offset, int count) {
        Objects.checkFromIndexSize(from, count, shape.elements());
        Objects.checkFromIndexSize(offset, count, destination.length);
        if (count > 0) {
            source(count).fill(from, destination, offset, count, new Scratch(count));
        }
    }

    /**
     * Fills with consecutive elements on all cores.
     *
     * @param from the first element, in row-major order over the whole tensor
     * @param destination receives the values
     * @param offset where in the destination
     * @param count how many elements
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fillParallel(long from, float[] destination, int offset, int count) {
        Objects.checkFromIndexSize(from, count, shape.elements());
        Objects.checkFromIndexSize(offset, count, destination.length);
        if (count > 0) {
            BlockSource source = source(count);
            BlockTasks.run(count, (start, length, scratch) -> {
                int at = Math.toIntExact(start);
                source.fill(from + at, destination, offset + at, length, scratch);
            });
        }
    }

    /**
     * Writes consecutive elements into a buffer, direct, mapped or on the heap, at its position and in its byte order, and
     * moves the position behind them. No array of the tensor's size is made on the way.
     *
     * @param from the first element, in row-major order over the whole tensor
     * @param count how many elements
     * @param type the number format
     * @param destination receives the values
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or what remains of the buffer
     */
    public void fill(long from, long count, WeightType type, ByteBuffer destination) {
        ByteBuffer target = BufferFill.target(this, from, count, type, destination);
        if (count > 0) {
            new BufferFill(this, source(count), from, type, target).write(0, count, new Scratch(count));
        }
        destination.position(destination.position() + target.capacity());
    }

    /**
     * Writes consecutive elements into a buffer on all cores; otherwise as {@link #fill(long, long, WeightType, ByteBuffer)}.
     *
     * @param from the first element, in row-major order over the whole tensor
     * @param count how many elements
     * @param type the number format
     * @param destination receives the values
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or what remains of the buffer
     */
    public void fillParallel(long from, long count, WeightType type, ByteBuffer destination) {
        ByteBuffer target = BufferFill.target(this, from, count, type, destination);
        if (count > 0) {
            BlockTasks.run(count, new BufferFill(this, source(count), from, type, target)::write);
        }
        destination.position(destination.position() + target.capacity());
    }

    /**
     * Fills with whole rows.
     *
     * @param fromRow the first row
     * @param toRow the row after the last
     * @param destination receives the values, row-major
     * @param offset where in the destination
     * @throws IndexOutOfBoundsException if the range lies outside the tensor or the destination
     */
    public void fillRows(long fromRow, long toRow, float[] destination, int offset) {
        Objects.checkFromToIndex(fromRow, toRow, shape.rows());
        long count = Math.multiplyExact(toRow - fromRow, shape.cols());
        if (count > Integer.MAX_VALUE) {
            throw new IndexOutOfBoundsException(count + " elements do not fit an array");
        }
        fill(fromRow * shape.cols(), destination, offset, (int) count);
    }

    /**
     * Fills with a block of the matrix, to any strides: weight (i, j) goes to {@code offset + (i - fromRow) * rowStride +
     * (j - fromCol) * colStride}. With the strides exchanged the block arrives transposed.
     *
     * @param fromRow the first row
     * @param toRow the row after the last
     * @param fromCol the first column
     * @param toCol the column after the last
     * @param destination receives the values
     * @param offset where the block's first weight goes
     * @param rowStride elements between a weight and the one below it, >= 0
     * @param colStride elements between a weight and the one to its right, >= 0
     * @throws IndexOutOfBoundsException if the block lies outside the matrix or the destination
     */
    public void fillBlock(
            long fromRow,
            long toRow,
            long fromCol,
            long toCol,
            float[] destination,
            int offset,
            int rowStride,
            int colStride) {
        Objects.checkFromToIndex(fromRow, toRow, shape.rows());
        Objects.checkFromToIndex(fromCol, toCol, shape.cols());
        long height = toRow - fromRow;
        long width = toCol - fromCol;
        if (height == 0 || width == 0) {
            return;
        }
        if (rowStride < 0 || colStride < 0) {
            throw new IndexOutOfBoundsException("strides " + rowStride + " and " + colStride + " must not be negative");
        }
        long last = Math.addExact(
                offset,
                Math.addExact(Math.multiplyExact(height - 1, (long) rowStride), Math.multiplyExact(width - 1, (long)
                        colStride)));
        Objects.checkIndex(offset, destination.length);
        Objects.checkIndex(last, destination.length);
        long count = Math.multiplyExact(height, width);
        BlockSource source = source(fromRow, fromCol, width, count);
        Scratch scratch = new Scratch(count);
        for (long at = 0; at < count; at += FillKernel.BLOCK) {
            int run = (int) Math.min(FillKernel.BLOCK, count - at);
            source.fill(at, scratch.values, 0, run, scratch);
            for (int k = 0; k < run; k++) {
                long row = (at + k) / width;
                long col = (at + k) % width;
                destination[(int) (offset + row * rowStride + col * colStride)] = scratch.values[k];
            }
        }
    }

    /**
     * The whole tensor.
     *
     * @return its elements in row-major order
     * @throws IllegalStateException if the tensor has more elements than an array can hold
     */
    public float[] toArray() {
        if (shape.elements() > Integer.MAX_VALUE - 8) {
            throw new IllegalStateException("a tensor of shape " + shape + " does not fit an array; fill it in parts");
        }
        float[] values = new float[(int) shape.elements()];
        fill(0, values, 0, values.length);
        return values;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TensorInit that
                && seed == that.seed
                && layer == that.layer
                && shape.equals(that.shape)
                && scheme.equals(that.scheme);
    }

    @Override
    public int hashCode() {
        return Objects.hash(seed, layer, shape, scheme);
    }

    /** {@return the four things that determine the values, for messages} */
    @Override
    public String toString() {
        return "TensorInit[seed=" + seed + ", layer=" + layer + ", shape=" + shape + ", scheme=" + scheme + "]";
    }

    private BlockSource source(long elements) {
        return source(0, 0, shape.cols(), elements);
    }

    /** The weights of a rectangle of the matrix. */
    private BlockSource source(long fromRow, long fromCol, long width, long elements) {
        return switch (scheme.kind()) {
            case ZEROS, ONES, CONSTANT -> {
                float value = (float) constant();
                yield (from, out, at, count, scratch) -> Arrays.fill(out, at, at + count, value);
            }
            case HE_UNIFORM, XAVIER_UNIFORM, LECUN_UNIFORM, UNIFORM ->
                filler(Distribution.UNIFORM, bound(), fromRow, fromCol, width, elements);
            case HE, XAVIER, LECUN, CUSTOM -> filler(Distribution.NORMAL, std, fromRow, fromCol, width, elements);
            case SIGNED_CONSTANT -> filler(Distribution.SIGNED, std, fromRow, fromCol, width, elements);
            case ORTHOGONAL, ORTHOGONAL_BLOCKS -> {
                OrthogonalBlocks matrix = orthogonal();
                yield (from, out, at, count, scratch) -> {
                    for (int k = 0; k < count; k++) {
                        long row = (from + k) / width;
                        long col = (from + k) % width;
                        out[at + k] = (float) matrix.weight(fromRow + row, fromCol + col);
                    }
                };
            }
        };
    }

    private BlockFiller filler(
            Distribution distribution, double scale, long fromRow, long fromCol, long width, long elements) {
        return new BlockFiller(
                Kernels.active().kernel(), distribution, scale, layerState, fromRow, fromCol, width, elements);
    }

    private OrthogonalBlocks orthogonal() {
        OrthogonalBlocks matrix = orthogonal;
        if (matrix == null) {
            synchronized (this) {
                matrix = orthogonal;
                if (matrix == null) {
                    long blockRows = scheme.kind() == Scheme.Kind.ORTHOGONAL ? shape.rows() : shape.cols();
                    matrix = new OrthogonalBlocks(layerState, shape.rows(), shape.cols(), blockRows, std);
                    orthogonal = matrix;
                }
            }
        }
        return matrix;
    }

    private long address(long i, long j) {
        return SplitMix64.absorb(SplitMix64.absorb(layerState, i), j);
    }

    private double bound() {
        return scheme.bound(shape).orElseThrow();
    }

    private double constant() {
        return switch (scheme.kind()) {
            case ONES -> 1;
            case CONSTANT -> scheme.parameter();
            default -> 0;
        };
    }

    private void checkAddress(long i, long j) {
        if (i < 0 || i >= shape.rows() || j < 0 || j >= shape.cols()) {
            throw new IndexOutOfBoundsException("weight (" + i + ", " + j + ") lies outside the matrix " + shape.rows()
                    + " x " + shape.cols() + " of shape " + shape);
        }
    }
}
