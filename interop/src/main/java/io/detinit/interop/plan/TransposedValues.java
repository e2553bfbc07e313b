package io.detinit.interop.plan;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.util.Objects;

/**
 * The initial values of a matrix in the order of a file that keeps it transposed: element (in, out) is the logical (out, in).
 * Ranges of many rows are made in squares, so that few values are asked for at a time but never one alone.
 *
 * @param logical the values in the logical shape, outputs first
 */
public record TransposedValues(InitialValues logical) implements InitialValues {

    /** Outputs of a square: as many float32 as a cache line holds. */
    private static final int OUTPUTS = 16;

    /** Inputs of a square. */
    private static final int INPUTS = 64;

    private static final ThreadLocal<float[]> FLOATS = ThreadLocal.withInitial(() -> new float[OUTPUTS * INPUTS]);
    private static final ThreadLocal<double[]> DOUBLES = ThreadLocal.withInitial(() -> new double[OUTPUTS * INPUTS]);

    /** Where the values of an output lie and where they go. */
    private record Square(long output, int outputs, long input, int inputs) {}

    /** Reads the values of some inputs of one output. */
    @FunctionalInterface
    private interface Reader {
        void read(long from, int offset, int count) throws IOException;
    }

    /** Puts one value of a square at its place. */
    @FunctionalInterface
    private interface Writer {
        void put(int from, int to);
    }

    /**
     * A matrix of values with its axes exchanged.
     *
     * @param logical the values in the logical shape, outputs first
     * @return the same values, inputs first
     */
    public static InitialValues of(InitialValues logical) {
        return logical instanceof StoredValues file
                ? new StoredValues(TransposedTensor.of(file.tensor()))
                : new TransposedValues(logical);
    }

    @Override
    public TensorShape shape() {
        return TensorShape.of(logical.shape().dim(1), logical.shape().dim(0));
    }

    @Override
    public boolean isRandom() {
        return logical.isRandom();
    }

    @Override
    public double std() {
        return logical.std();
    }

    @Override
    public void fill(long from, float[] destination, int offset, int count) throws IOException {
        float[] square = FLOATS.get();
        fill(
                from,
                Objects.checkFromIndexSize(offset, count, destination.length),
                count,
                (first, at, inputs) -> logical.fill(first, square, at, inputs),
                (at, to) -> destination[to] = square[at]);
    }

    @Override
    public void fill(long from, double[] destination, int offset, int count) throws IOException {
        double[] square = DOUBLES.get();
        fill(
                from,
                Objects.checkFromIndexSize(offset, count, destination.length),
                count,
                (first, at, inputs) -> logical.fill(first, square, at, inputs),
                (at, to) -> destination[to] = square[at]);
    }

    private void fill(long from, int offset, int count, Reader reader, Writer writer) throws IOException {
        Objects.checkFromIndexSize(from, count, logical.shape().elements());
        long outputs = logical.shape().dim(0);
        long end = from + count;
        for (long input = from / Math.max(1, outputs); input * outputs < end; input += INPUTS) {
            long inputs = Math.min(INPUTS, (end - 1) / outputs + 1 - input);
            for (long output = 0; output < outputs; output += OUTPUTS) {
                Square square = new Square(output, (int) Math.min(OUTPUTS, outputs - output), input, (int) inputs);
                read(square, reader);
                scatter(square, from, end, offset, writer);
            }
        }
    }

    private void read(Square square, Reader reader) throws IOException {
        long cols = logical.shape().dim(1);
        for (int output = 0; output < square.outputs(); output++) {
            reader.read((square.output() + output) * cols + square.input(), output * INPUTS, square.inputs());
        }
    }

    private void scatter(Square square, long from, long end, int offset, Writer writer) {
        long outputs = logical.shape().dim(0);
        for (int input = 0; input < square.inputs(); input++) {
            long row = (square.input() + input) * outputs + square.output();
            int first = (int) Math.max(0, Math.min(square.outputs(), from - row));
            int last = (int) Math.max(0, Math.min(square.outputs(), end - row));
            for (int output = first; output < last; output++) {
                writer.put(output * INPUTS + input, (int) (row + output - from) + offset);
            }
        }
    }
}
