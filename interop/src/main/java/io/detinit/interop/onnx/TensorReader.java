package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.Optional;

/** Reads and checks a TensorProto, all but its elements. */
final class TensorReader {

    private final ModelSource source;
    private final FileWindow file;
    private final String label;
    private final Frame frame;
    private final Dims dims;
    private long dataType;
    private boolean external;
    private int dataField;
    private int dataFields;
    private long dataFrom;
    private long dataTo;
    private boolean contiguous;

    private TensorReader(ModelSource source, String label, Frame frame) {
        this.source = source;
        this.file = source.window();
        this.label = label;
        this.frame = frame;
        this.dims = new Dims(file, label);
    }

    /** The name in a TensorProto, empty where it has none. */
    static String name(FileWindow file, String label, Frame frame) throws IOException {
        String name = "";
        WireCursor tensor = WireCursor.over(file, label, frame);
        while (tensor.next()) {
            if (tensor.field() == TensorField.NAME) {
                name = tensor.text("name", WireCursor.MAX_NAME_BYTES);
            }
        }
        return name;
    }

    /**
     * Reads a TensorProto.
     *
     * @param label what it is, for messages
     * @return where its elements are; empty where its type has no dtype, which is then among the warnings
     */
    static Optional<Storage.Dense> read(ModelSource source, String label, Frame frame) throws IOException {
        return new TensorReader(source, label, frame).read();
    }

    private Optional<Storage.Dense> read() throws IOException {
        WireCursor fields = WireCursor.over(file, label, frame);
        while (fields.next()) {
            accept(fields);
        }
        if (dataType == 0) {
            throw file.malformed(label, frame.from(), "no data type", "data_type of TensorProto");
        }
        TensorShape shape = dims.shape(frame.from());
        OnnxType type = OnnxType.of(dataType).orElse(null);
        if (type == null) {
            if (external) {
                source.unreadExternal(label);
            }
            source.warnings().add(label + " of type " + OnnxType.nameOf(dataType) + " is kept but not read");
            return Optional.empty();
        }
        return Optional.of(new Storage.Dense(frame, type, shape, elements(type, shape)));
    }

    private void accept(WireCursor fields) throws IOException {
        int number = fields.field();
        if (number == TensorField.DIMS) {
            dims.accept(fields);
        } else if (number == TensorField.DATA_TYPE) {
            dataType = fields.number("data_type");
        } else if (number == TensorField.SEGMENT) {
            throw MalformedFileException.unsupported(
                    file.name(), label, "a tensor in segments", "save the model with whole tensors");
        } else if (number == TensorField.DATA_LOCATION) {
            long location = fields.number("data_location");
            if (location != 0 && location != 1) {
                throw file.malformed(label + ", data_location", fields.fieldStart(), Long.toString(location), "0 or 1");
            }
            external = location == 1;
        } else if (TensorField.isData(number)) {
            addData(fields);
        }
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

    /** Checks the number of elements; says where they lie. */
    private Storage.Elements elements(OnnxType type, TensorShape shape) throws IOException {
        long expected;
        try {
            expected = type.dtype().bytesOf(shape.elements());
        } catch (ArithmeticException e) {
            MalformedFileException malformed =
                    file.malformed(label + ", dims", frame.from(), shape.toString(), "fewer than 2^63 bytes");
            malformed.initCause(e);
            throw malformed;
        }
        String wanted = expected + " bytes (" + type + " " + shape + ")";
        if (external) {
            Storage.External place = ExternalReference.read(file, label, frame, source.warnings())
                    .open(file, label, frame, expected, source.externals());
            if (dataTo > dataFrom) {
                throw file.malformed(
                        label, dataFrom, TensorField.nameOf(dataField) + " and external data", "elements in one place");
            }
            return place;
        }
        if (dataField == 0) {
            if (expected != 0) {
                throw file.malformed(label, frame.from(), "no elements", wanted);
            }
            return new Storage.InPlace(frame.to());
        }
        if (dataField == TensorField.RAW_DATA) {
            if (dataTo - dataFrom != expected) {
                throw file.malformed(label + ", raw_data", dataFrom, (dataTo - dataFrom) + " bytes", wanted);
            }
            return new Storage.InPlace(dataFrom);
        }
        if (dataField != type.typedField()) {
            throw file.malformed(
                    label,
                    dataFrom,
                    TensorField.nameOf(dataField),
                    TensorField.nameOf(type.typedField()) + " or raw_data as " + type);
        }
        if (type.wireBytes() > 0 && contiguous && dataFields == 1 && dataTo - dataFrom == expected) {
            return new Storage.InPlace(dataFrom);
        }
        String fieldName = TensorField.nameOf(dataField);
        return new Storage.Typed(TypedField.of(file, label, frame, dataField, fieldName, type, shape));
    }
}
