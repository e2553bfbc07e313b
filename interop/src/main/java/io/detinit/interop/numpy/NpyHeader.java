package io.detinit.interop.numpy;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The header of an {@code .npy} file: {@code 93 'NUMPY'}, major, minor, u16le or (from version 2.0) u32le length, a Python dict
 * of three keys.
 *
 * @param type what the elements are
 * @param fortranOrder whether the first axis varies fastest
 * @param shape the shape
 * @param bytes the header's length in the file, where the elements begin
 */
record NpyHeader(NpyType type, boolean fortranOrder, TensorShape shape, int bytes) {

    /** The first bytes of a file. */
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    /** Longer dicts are of structured types, which are refused anyhow. */
    private static final int MAX_DICT = 1 << 16;

    private static final int MAX_RANK = 64;
    private static final int ALIGNMENT = 64;

    /**
     * Reads the header and checks that the elements fill the rest exactly.
     *
     * @param source the whole file or member
     * @return the header
     * @throws MalformedFileException if a rule of the format is broken or the type is not supported
     * @throws IOException if reading fails
     */
    static NpyHeader read(ByteSource source) throws IOException {
        String file = source.name();
        ByteBuffer start =
                ByteBuffer.allocate((int) Math.min(12, source.size())).order(ByteOrder.LITTLE_ENDIAN);
        source.read(0, start);
        start.flip();
        if (start.remaining() < 10 || !Arrays.equals(start.array(), 0, 6, MAGIC, 0, 6)) {
            throw MalformedFileException.of(file, "byte 0", "no NumPy array", "the bytes 93 'NUMPY' and a header");
        }
        int major = start.get(6) & 0xFF;
        int minor = start.get(7) & 0xFF;
        if (major < 1 || major > 3 || minor != 0) {
            throw MalformedFileException.of(file, "byte 6", "version " + major + "." + minor, "1.0, 2.0 or 3.0");
        }
        int from = major == 1 ? 10 : 12;
        if (start.remaining() < from) {
            throw MalformedFileException.of(file, "byte 8", "the end of the file", "a header length of 4 bytes");
        }
        long length = major == 1 ? start.getShort(8) & 0xFFFF : start.getInt(8) & 0xFFFF_FFFFL;
        if (length > Math.min(MAX_DICT, source.size() - from)) {
            String limit = "at most " + Math.min(MAX_DICT, source.size() - from);
            throw MalformedFileException.of(file, "header length at byte 8", length + " bytes", limit);
        }
        ByteBuffer dict = ByteBuffer.allocate((int) length);
        source.read(from, dict);
        // 3.0 is UTF-8; before, latin-1
        NpyHeader header = new NpyDict(text(dict.flip(), major, file), file, from).read(from + (int) length);
        checkSize(header, source);
        return header;
    }

    private static String text(ByteBuffer dict, int major, String file) throws MalformedFileException {
        Charset charset = major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
        try {
            return charset.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(dict)
                    .toString();
        } catch (CharacterCodingException e) {
            throw MalformedFileException.of(file, "header at byte 12", "bytes that are not UTF-8", "UTF-8");
        }
    }

    private static void checkSize(NpyHeader header, ByteSource source) throws MalformedFileException {
        String file = source.name();
        TensorShape shape = header.shape();
        if (shape.rank() > MAX_RANK) {
            throw MalformedFileException.of(file, "header: 'shape'", shape.rank() + " axes", "at most " + MAX_RANK);
        }
        long needed = header.type().dtype().bytes();
        try {
            for (long dim : shape.dims()) {
                needed = Math.multiplyExact(needed, Math.max(1, dim)); // NumPy too counts an empty axis as one here
            }
        } catch (ArithmeticException e) {
            throw MalformedFileException.of(
                    file, "header: 'shape'", shape + " of " + header.type().descr(), "fewer than 2^63 bytes");
        }
        needed = shape.elements() == 0 ? 0 : needed;
        long found = source.size() - header.bytes();
        if (found != needed) {
            throw MalformedFileException.of(
                    file,
                    "elements at byte " + header.bytes(),
                    found + " bytes",
                    needed + " for " + header.type().descr() + " " + shape
                            + (found < needed ? "; the file is truncated" : "; the rest belongs to no array"));
        }
    }

    /** {@return whether the elements lie row by row; also where both orders are the same} */
    boolean isRowMajor() {
        long longerThanOne = Arrays.stream(shape.dims()).filter(dim -> dim > 1).count();
        return !fortranOrder || longerThanOne < 2 || shape.elements() == 0;
    }

    /**
     * A header of version 1.0 for the same array in row-major order, as NumPy would write it.
     *
     * @return its bytes, a multiple of 64
     */
    byte[] rowMajor() {
        StringBuilder dims = new StringBuilder();
        long[] axes = shape.dims();
        for (int axis = 0; axis < axes.length; axis++) {
            dims.append(axis == 0 ? "" : " ").append(axes[axis]).append(axis < axes.length - 1 || axis == 0 ? "," : "");
        }
        String dict = "{'descr': '" + type.descr() + "', 'fortran_order': False, 'shape': (" + dims + "), }";
        int used = MAGIC.length + 4 + dict.length() + 1;
        String padded = dict + " ".repeat((ALIGNMENT - used % ALIGNMENT) % ALIGNMENT) + "\n";
        return ByteBuffer.allocate(MAGIC.length + 4 + padded.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .put((byte) 1)
                .put((byte) 0)
                .putShort((short) padded.length())
                .put(padded.getBytes(StandardCharsets.ISO_8859_1))
                .array();
    }
}
