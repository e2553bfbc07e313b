package io.detinit.interop.djl;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import java.io.IOException;
import java.util.Map;

/**
 * A parameter of a {@code .params} file ({@code ai.djl.nn.Parameter.save}, {@code ai.djl.ndarray.NDSerializer}): {@code 'P'},
 * version 1, the name within its block; {@code "NDAR"}, version 1 to 3, a name (from 2), sparse format, data type, shape, byte order
 * (from 3), length, elements.
 *
 * @param name its name within its block, such as {@code weight}
 * @param dtype the dtype
 * @param shape the shape
 * @param from the first byte of the elements
 */
record DjlParameter(String name, DType dtype, TensorShape shape, long from) {

    private static final int ARRAY_VERSION = 3;
    private static final Map<String, DType> TYPES = Map.ofEntries(
            Map.entry("FLOAT32", DType.F32),
            Map.entry("FLOAT64", DType.F64),
            Map.entry("FLOAT16", DType.F16),
            Map.entry("BFLOAT16", DType.BF16),
            Map.entry("UINT8", DType.U8),
            Map.entry("UINT16", DType.U16),
            Map.entry("UINT32", DType.U32),
            Map.entry("UINT64", DType.U64),
            Map.entry("INT8", DType.I8),
            Map.entry("INT16", DType.I16),
            Map.entry("INT32", DType.I32),
            Map.entry("INT64", DType.I64),
            Map.entry("BOOLEAN", DType.BOOL),
            Map.entry("COMPLEX64", DType.C64));

    /**
     * Reads.
     *
     * @param cursor at a parameter; then after its elements
     * @param file for messages
     * @return the parameter
     * @throws MalformedFileException if it is malformed or uses what is not supported
     * @throws IOException if reading fails
     */
    static DjlParameter read(DjlCursor cursor, String file) throws IOException {
        cursor.readUnsignedShort("the mark of a parameter");
        cursor.readByte("the version of a parameter");
        String name = cursor.readUtf("the name of a parameter");
        String what = "parameter '" + name + "'";
        cursor.readUtf(what);
        long at = cursor.position();
        int version = cursor.readInt(what);
        if (version < 1 || version > ARRAY_VERSION) {
            throw cursor.malformed(at, what + " in version " + version, "1 to " + ARRAY_VERSION);
        }
        if (version > 1) {
            int named = cursor.readByte(what);
            if (named == 1) {
                cursor.readUtf(what + ": the array's name");
            } else if (named != 0) {
                throw cursor.malformed(cursor.position() - 1, what + " with the flag " + named, "0 or 1");
            }
        }
        at = cursor.position();
        String sparse = cursor.readUtf(what + ": sparse format");
        if (!sparse.equals("DENSE") && !sparse.equals("UNDEFINED")) {
            throw unsupported(file, at, what, "the sparse format '" + sparse + "'");
        }
        at = cursor.position();
        String type = cursor.readUtf(what + ": data type");
        DType dtype = TYPES.get(type);
        if (dtype == null) {
            throw unsupported(file, at, what, "the data type '" + type + "'");
        }
        TensorShape shape = cursor.readShape(what + ": shape");
        at = cursor.position();
        int order = version > 2 ? cursor.readByte(what + ": byte order") : '<'; // before, that of the writing machine
        if (order != '<' && order != '>') {
            throw cursor.malformed(at, what + " with the byte order " + order, "'<' or '>'");
        }
        if (order == '>' && dtype.bytes() > 1) {
            throw unsupported(file, at, what, "big-endian storage");
        }
        return new DjlParameter(name, dtype, shape, elements(cursor, what, dtype, shape));
    }

    private static long elements(DjlCursor cursor, String what, DType dtype, TensorShape shape) throws IOException {
        long at = cursor.position();
        int length = cursor.readInt(what + ": length");
        long wanted;
        try {
            wanted = dtype.bytesOf(shape.elements());
        } catch (ArithmeticException e) {
            throw cursor.malformed(at, what + " of shape " + shape, "fewer than 2^63 bytes");
        }
        if (length != wanted) {
            throw cursor.malformed(at, what + " of " + length + " bytes", wanted + " for " + dtype + " " + shape);
        }
        long from = cursor.position();
        if (length > cursor.remaining()) {
            throw cursor.malformed(
                    from, cursor.remaining() + " bytes, then the end of the file", what + " of " + length + " bytes");
        }
        cursor.moveTo(from + length);
        return from;
    }

    private static MalformedFileException unsupported(String file, long at, String what, String feature) {
        return MalformedFileException.unsupported(
                file, "byte " + at + ": " + what, feature, "save dense arrays of numbers on a little-endian machine");
    }
}
