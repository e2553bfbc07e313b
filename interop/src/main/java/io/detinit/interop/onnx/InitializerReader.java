package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Reads and checks one TensorProto of the graph's {@code initializer} list, all but its elements. */
final class InitializerReader {

    static final int MAX_NAME_BYTES = 4096;
    private static final int MAX_RANK = 255;
    private static final long MAX_TYPED_BYTES = 1L << 30;

    private final FileWindow file;
    private String name = "";
    private String label = "initializer";
    private long dataType;
    private long[] dims = new long[8];
    private int rank;
    private int dataField;
    private int dataFields;
    private long dataFrom;
    private long dataTo;
    private boolean contiguous;

    private InitializerReader(FileWindow file) {
        this.file = file;
    }

    /** What was read: a tensor that can be viewed, or one whose dtype has none and that is only kept. */
    record Result(GraphInitializer.Location location, Optional<GraphInitializer> initializer, String typeName) {}

    static Result read(FileWindow file, WireCursor field, int index) throws IOException {
        return new InitializerReader(file).read(field, index);
    }

    private Result read(WireCursor field, int index) throws IOException {
        label = "initializer " + index;
        WireCursor tensor = field.nested(label);
        while (tensor.next()) {
            if (tensor.field() == TensorField.NAME) {
                name = tensor.text("name", MAX_NAME_BYTES);
            }
        }
        if (name.isEmpty()) {
            throw file.malformed(label, field.fieldStart(), "no name", "a name");
        }
        GraphInitializer.Location location =
                new GraphInitializer.Location(name, field.fieldStart(), field.valueStart(), field.fieldEnd());
        label = location.label();
        WireCursor fields = new WireCursor(file, label, field.valueStart(), field.fieldEnd());
        while (fields.next()) {
            accept(fields);
        }
        if (dataType == 0) {
            throw file.malformed(label, location.from(), "no data type", "data_type of TensorProto");
        }
        TensorShape shape = shape(location);
        OnnxType type = OnnxType.of(dataType).orElse(null);
        if (type == null) {
            return new Result(location, Optional.empty(), OnnxType.nameOf(dataType));
        }
        long data = checkData(location, type, shape);
        return new Result(location, Optional.of(new GraphInitializer(type, shape, location, data)), type.name());
    }

    private void accept(WireCursor fields) throws IOException {
        int number = fields.field();
        if (number == TensorField.DIMS) {
            if (fields.wireType() == WireCursor.BYTES) {
                WireCursor packed = new WireCursor(file, label + ", dims", fields.valueStart(), fields.fieldEnd());
                while (!packed.atEnd()) {
                    addDim(packed.varint(), fields.fieldStart());
                }
            } else {
                addDim(fields.number("dims"), fields.fieldStart());
            }
        } else if (number == TensorField.DATA_TYPE) {
            dataType = fields.number("data_type");
        } else if (number == TensorField.SEGMENT) {
            throw MalformedFileException.unsupported(
                    file.path(), label, "a tensor in segments", "save the model with whole tensors");
        } else if (number == TensorField.DATA_LOCATION && fields.number("data_location") != 0) {
            throw MalformedFileException.unsupported(
                    file.path(),
                    label,
                    "external data (elements in another file)",
                    "load the model with onnx.load(path) and save it with save_as_external_data=False");
        } else if (TensorField.isData(number)) {
            addData(fields);
        }
    }

    private void addDim(long dim, long position) throws MalformedFileException {
        if (dim < 0) {
            throw file.malformed(label + ", dims", position, Long.toString(dim), "an axis length >= 0");
        }
        if (rank == MAX_RANK) {
            throw file.malformed(label + ", dims", position, "more than " + MAX_RANK + " axes", "fewer");
        }
        if (rank == dims.length) {
            dims = Arrays.copyOf(dims, MAX_RANK);
        }
        dims[rank++] = dim;
    }

    private void addData(WireCursor fields) throws MalformedFileException {
        int number = fields.field();
        if (dataField != 0 && dataField != number) {
            throw file.malformed(
                    label,
                    fields.fieldStart(),
                    TensorField.nameOf(dataField) + " and " + TensorField.nameOf(number),
                    "elements in one field");
        }
        if (number == TensorField.RAW_DATA || number == TensorField.STRING_DATA) {
            fields.require(WireCursor.BYTES, TensorField.nameOf(number));
        }
        dataField = number;
        dataFields++;
        dataFrom = fields.valueStart();
        dataTo = fields.fieldEnd();
        contiguous = fields.wireType() == WireCursor.BYTES;
    }

    private TensorShape shape(GraphInitializer.Location location) throws MalformedFileException {
        try {
            return TensorShape.of(Arrays.copyOf(dims, rank));
        } catch (IllegalArgumentException e) {
            MalformedFileException malformed = file.malformed(
                    label + ", dims", location.from(), Arrays.toString(Arrays.copyOf(dims, rank)), "fewer elements");
            malformed.initCause(e);
            throw malformed;
        }
    }

    /** Checks the number of elements; returns where they lie, -1 where they must be decoded. */
    private long checkData(GraphInitializer.Location location, OnnxType type, TensorShape shape) throws IOException {
        long expected;
        try {
            expected = Math.multiplyExact(shape.elements(), type.dtype().bytes());
        } catch (ArithmeticException e) {
            MalformedFileException malformed =
                    file.malformed(label + ", dims", location.from(), shape.toString(), "fewer than 2^63 bytes");
            malformed.initCause(e);
            throw malformed;
        }
        String wanted = expected + " bytes (" + type + " " + shape + ")";
        if (dataField == 0) {
            if (expected != 0) {
                throw file.malformed(label, location.from(), "no elements", wanted);
            }
            return location.to();
        }
        if (dataField == TensorField.RAW_DATA) {
            if (dataTo - dataFrom != expected) {
                throw file.malformed(label + ", raw_data", dataFrom, (dataTo - dataFrom) + " bytes", wanted);
            }
            return dataFrom;
        }
        if (dataField != type.typedField()) {
            throw file.malformed(
                    label,
                    dataFrom,
                    TensorField.nameOf(dataField),
                    TensorField.nameOf(type.typedField()) + " or raw_data as " + type);
        }
        boolean fixedWidth = dataField == TensorField.FLOAT_DATA || dataField == TensorField.DOUBLE_DATA;
        if (fixedWidth && contiguous && dataFields == 1 && dataTo - dataFrom == expected) {
            return dataFrom;
        }
        long units = TypedData.count(file, location, type);
        if (units != expected / type.unitBytes()) {
            throw file.malformed(
                    label + ", " + TensorField.nameOf(dataField),
                    dataFrom,
                    units + " values",
                    expected / type.unitBytes() + " (" + type + " " + shape + ")");
        }
        if (expected > MAX_TYPED_BYTES) {
            throw MalformedFileException.unsupported(
                    file.path(),
                    label,
                    TensorField.nameOf(dataField) + " of " + expected + " bytes",
                    "save the model with raw_data");
        }
        return -1;
    }
}
