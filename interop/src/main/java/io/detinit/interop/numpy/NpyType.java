package io.detinit.interop.numpy;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import java.util.Map;

/**
 * An element type as {@code descr} gives it: byte order, kind, bytes.
 *
 * @param descr as the file writes it, such as {@code <f4}
 * @param dtype the dtype
 * @param bigEndian whether numbers are stored with their highest byte first
 */
record NpyType(String descr, DType dtype, boolean bigEndian) {

    private static final Map<String, DType> KNOWN = Map.ofEntries(
            Map.entry("b1", DType.BOOL),
            Map.entry("i1", DType.I8),
            Map.entry("i2", DType.I16),
            Map.entry("i4", DType.I32),
            Map.entry("i8", DType.I64),
            Map.entry("u1", DType.U8),
            Map.entry("u2", DType.U16),
            Map.entry("u4", DType.U32),
            Map.entry("u8", DType.U64),
            Map.entry("f2", DType.F16),
            Map.entry("f4", DType.F32),
            Map.entry("f8", DType.F64),
            Map.entry("c8", DType.C64),
            Map.entry("c16", DType.C128));

    /**
     * Reads a {@code descr}.
     *
     * @param descr the string in the header
     * @param file for messages
     * @param where for messages
     * @return the type
     * @throws MalformedFileException if it is none that this package reads
     */
    static NpyType of(String descr, String file, String where) throws MalformedFileException {
        char order = descr.isEmpty() ? ' ' : descr.charAt(0);
        String kind = descr.isEmpty() ? "" : descr.substring(1);
        if (kind.startsWith("O")) {
            throw MalformedFileException.unsupported(
                    file,
                    where,
                    "an array of Python objects ('" + descr + "'), which is a pickle,",
                    "save numbers, one array each");
        }
        DType dtype = KNOWN.get(kind);
        boolean ordered = order == '<' || order == '>';
        if (dtype != null && (ordered || (order == '|' && dtype.bytes() == 1))) {
            return new NpyType(descr, dtype, order == '>' && dtype.bytes() > 1);
        }
        if ((ordered || order == '|') && kind.matches("[biufcmMSaUVt][0-9]*(\\[.*])?")) {
            throw MalformedFileException.unsupported(
                    file,
                    where,
                    "the element type '" + descr + "'",
                    "save floats of 2, 4 or 8 bytes, complex numbers of 8 or 16, integers or booleans");
        }
        throw MalformedFileException.of(file, where, "'" + descr + "'", "an element type such as '<f4'");
    }

    /** {@return the bytes of one number: half an element where elements are complex} */
    int numberBytes() {
        return dtype == DType.C64 || dtype == DType.C128 ? dtype.bytes() / 2 : dtype.bytes();
    }
}
