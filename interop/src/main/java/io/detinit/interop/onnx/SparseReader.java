package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and checks a SparseTensorProto. Indices are INT64, as the specification says, or INT32, INT16 or INT8, as ONNX Runtime
 * also takes; linear [NNZ] or by axis [NNZ, rank]; in any order; inside the tensor; each once.
 */
final class SparseReader {

    /** A sparse tensor is made dense by whoever runs the model; this bounds the work that a few bytes can ask for. */
    static final long MAX_DENSE_BYTES = Integer.MAX_VALUE;

    private static final int MAX_UNSORTED = 1 << 26;

    private final ModelSource source;
    private final FileWindow file;
    private final String label;
    private final Frame frame;
    private @Nullable Frame valuesFrame;
    private @Nullable Frame indicesFrame;

    private SparseReader(ModelSource source, String label, Frame frame) {
        this.source = source;
        this.file = source.window();
        this.label = label;
        this.frame = frame;
    }

    /** The name of a sparse initializer, which is that of its values. */
    static String name(FileWindow file, String label, Frame frame) throws IOException {
        String name = "";
        WireCursor fields = WireCursor.over(file, label, frame);
        while (fields.next()) {
            if (fields.field() == ModelField.SPARSE_VALUES) {
                name = TensorReader.name(file, label, fields.frame(frame, "values"));
            }
        }
        return name;
    }

    /** Reads a SparseTensorProto; empty where the type of its values has no dtype, which is then among the warnings. */
    static Optional<Storage.Sparse> read(ModelSource source, String label, Frame frame) throws IOException {
        return new SparseReader(source, label, frame).read();
    }

    private Optional<Storage.Sparse> read() throws IOException {
        Dims dims = new Dims(file, label);
        WireCursor fields = WireCursor.over(file, label, frame);
        while (fields.next()) {
            switch (fields.field()) {
                case ModelField.SPARSE_DIMS -> dims.accept(fields);
                case ModelField.SPARSE_VALUES -> valuesFrame = once(valuesFrame, fields, "values");
                case ModelField.SPARSE_INDICES -> indicesFrame = once(indicesFrame, fields, "indices");
                default -> {}
            }
        }
        TensorShape shape = dims.shape(frame.from());
        if (shape.rank() == 0 || shape.elements() == 0) {
            throw file.malformed(label + ", dims", frame.from(), shape.toString(), "at least one axis, none empty");
        }
        if (valuesFrame == null) {
            throw file.malformed(label, frame.from(), "no values", "values of SparseTensorProto");
        }
        Storage.Dense values =
                TensorReader.read(source, label + ", values", valuesFrame).orElse(null);
        if (values == null) {
            return Optional.empty();
        }
        if (values.shape().rank() != 1) {
            throw file.malformed(
                    label + ", values", frame.from(), values.shape().toString(), "one axis");
        }
        if (!values.type().dtype().isWholeBytes()) {
            throw MalformedFileException.unsupported(
                    file.name(), label, "a sparse tensor of " + values.type(), "save the tensor dense");
        }
        if (shape.elements() > MAX_DENSE_BYTES / values.type().dtype().bytes()) {
            throw MalformedFileException.unsupported(
                    file.name(),
                    label,
                    "a sparse tensor that is more than " + MAX_DENSE_BYTES + " bytes when dense (" + shape + ")",
                    "save it dense, as external data");
        }
        return Optional.of(new Storage.Sparse(frame, shape, values, entries(shape, values)));
    }

    private Frame once(@Nullable Frame first, WireCursor fields, String name) throws IOException {
        if (first != null) {
            throw file.malformed(label, fields.fieldStart(), "a second " + name, "one");
        }
        return fields.frame(frame, label + ", " + name);
    }

    private SparseEntries entries(TensorShape shape, Storage.Dense values) throws IOException {
        if (values.shape().elements() > shape.elements()) {
            throw file.malformed(
                    label + ", values",
                    frame.from(),
                    values.shape().elements() + " values",
                    "at most " + shape.elements() + ", each at another place");
        }
        int count = (int) values.shape().elements(); // shape has at most MAX_DENSE_BYTES
        if (indicesFrame == null) {
            if (count != 0) {
                throw file.malformed(label, frame.from(), "no indices", "one for each of " + count + " values");
            }
            TensorInfo none = info(DType.I64, TensorShape.of(0));
            TensorView empty = ArrayTensor.of(none, ByteBuffer.allocate(0));
            return new SparseEntries(empty, new long[] {1}, source.view(valuesInfo(values), values), 0);
        }
        Storage.Dense indices = TensorReader.read(source, label + ", indices", indicesFrame)
                .orElseThrow(() -> MalformedFileException.of(
                        file.name(), label + ", indices, byte " + frame.from(), "another type", "INT64"));
        switch (indices.type()) {
            case INT64, INT32, INT16, INT8 -> {}
            default ->
                throw file.malformed(
                        label + ", indices",
                        indices.frame().from(),
                        indices.type().name(),
                        "INT64");
        }
        if (indices.elements() instanceof Storage.External) {
            throw MalformedFileException.unsupported(
                    file.name(), label, "indices in another file", "ONNX Runtime wants them in the model");
        }
        boolean linear = indices.shape().equals(TensorShape.of(count));
        boolean byAxis = indices.shape().equals(TensorShape.of(count, shape.rank()));
        if (!linear && !byAxis) {
            throw file.malformed(
                    label + ", indices",
                    indices.frame().from(),
                    indices.shape().toString(),
                    "[" + count + "] or [" + count + ", " + shape.rank() + "]");
        }
        long[] axes = linear ? new long[] {shape.elements()} : shape.dims();
        long[] strides = new long[axes.length];
        long stride = 1;
        for (int axis = axes.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= axes[axis];
        }
        TensorView where = source.view(info(indices.type().dtype(), indices.shape()), indices);
        SparseEntries entries = new SparseEntries(where, strides, source.view(valuesInfo(values), values), count);
        return check(entries, axes, indices.frame()) ? entries : sorted(entries, indices.frame());
    }

    private TensorInfo valuesInfo(Storage.Dense values) {
        return info(values.type().dtype(), values.shape());
    }

    private TensorInfo info(DType dtype, TensorShape shape) {
        return new TensorInfo(label, dtype, shape, TensorInfo.Kind.CONSTANT);
    }

    /** Whether positions ascend; refuses those outside the tensor. */
    private boolean check(SparseEntries entries, long[] axes, Frame indices) throws IOException {
        int width = entries.indices().info().dtype().bytes();
        boolean ascending = true;
        long last = -1;
        int row = axes.length * width;
        for (int first = 0; first < entries.count(); first += SparseEntries.CHUNK) {
            int chunk = Math.min(SparseEntries.CHUNK, entries.count() - first);
            ByteBuffer bytes = entries.indices().view((long) first * row, chunk * row);
            for (int k = 0; k < chunk; k++) {
                long position = 0;
                for (int axis = 0; axis < axes.length; axis++) {
                    long index = SparseEntries.number(bytes, k * row + axis * width, width);
                    if (index < 0 || index >= axes[axis]) {
                        throw file.malformed(
                                label + ", indices",
                                indices.from(),
                                "index " + index + " of value " + (first + k),
                                "0 to " + (axes[axis] - 1));
                    }
                    position += entries.strides()[axis] * index;
                }
                ascending &= position > last;
                last = position;
            }
        }
        return ascending;
    }

    private SparseEntries sorted(SparseEntries entries, Frame indices) throws IOException {
        int count = entries.count();
        if (count > MAX_UNSORTED) {
            throw MalformedFileException.unsupported(
                    file.name(), label, count + " indices that do not ascend", "sort them, as the format wants");
        }
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(count - 1); // positions are below 2^31: both fit 62 bits
        long[] keys = new long[count];
        long[] chunk = new long[SparseEntries.CHUNK];
        for (int first = 0; first < count; first += chunk.length) {
            int n = Math.min(chunk.length, count - first);
            entries.positions(first, chunk, n);
            for (int k = 0; k < n; k++) {
                keys[first + k] = chunk[k] << bits | (first + k);
            }
        }
        Arrays.sort(keys);
        int size = entries.values().info().dtype().bytes();
        ByteBuffer positions = ByteBuffer.allocate(Math.multiplyExact(count, 8)).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer values = ByteBuffer.allocate(Math.multiplyExact(count, size));
        long last = -1;
        for (long key : keys) {
            long position = key >>> bits;
            if (position == last) {
                throw file.malformed(
                        label + ", indices", indices.from(), "position " + position + " twice", "each once");
            }
            last = position;
            positions.putLong(position);
            long value = key & ((1L << bits) - 1);
            values.put(entries.values().view(value * size, size));
        }
        source.warnings().add(label + ": indices are not in ascending order, which onnx.checker refuses");
        return new SparseEntries(
                ArrayTensor.of(info(DType.I64, TensorShape.of(count)), positions.flip()),
                new long[] {1},
                ArrayTensor.of(entries.values().info(), values.flip()),
                count);
    }
}
