package io.detinit.interop.delta;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The table at the beginning of a chunked tensor, and the chunks behind it:
 *
 * <pre>
 * 8 bytes a chunk:  u32le  how many bits are 1 (0 in a skeleton)
 *                   u32le  the payload's bytes | encoding &lt;&lt; 24
 * then the payloads, one after the other
 * </pre>
 *
 * <p>Everything the table says is checked before a chunk is read. Immutable; safe for use by many threads.
 */
final class ChunkTable {

    /** Bytes of an entry. */
    static final int ENTRY = 8;

    private static final int LENGTH_BITS = 24;
    private static final int MAX_CHUNKS = 1 << 26;
    private static final int PIECE = 1 << 16;

    private final Object path;
    private final String name;
    private final TensorView tensor;
    private final long bits;
    private final Chunk.Encoding[] encodings;
    private final long[] offsets;
    private final long[] ones;

    private ChunkTable(Object path, TensorView tensor, long bits, int chunks) {
        this.path = path;
        this.name = tensor.info().name();
        this.tensor = tensor;
        this.bits = bits;
        this.encodings = new Chunk.Encoding[chunks];
        this.offsets = new long[chunks + 1];
        this.ones = new long[chunks + 1];
    }

    /** How many chunks some bits have. */
    static long chunks(long bits) {
        return bits / Chunk.BITS + (bits % Chunk.BITS == 0 ? 0 : 1);
    }

    /** One entry as it is written. */
    static long entry(int ones, Chunk chunk) {
        long second = (long) chunk.encoding().code() << LENGTH_BITS | chunk.payload().length;
        return second << 32 | ones;
    }

    /**
     * Reads a table.
     *
     * @param path the file, for messages
     * @param tensor the chunked tensor, of bytes
     * @param bits how many bits its chunks have together
     * @param counted whether the entries say how many bits are 1
     * @return the table
     * @throws MalformedFileException if it contradicts itself, the tensor's size or the number of bits
     */
    static ChunkTable read(Object path, TensorView tensor, long bits, boolean counted) throws IOException {
        long chunks = chunks(bits);
        long size = tensor.info().bytes();
        String where = "tensor '" + tensor.info().name() + "' at " + tensor.location();
        if (chunks > MAX_CHUNKS || chunks * ENTRY > size) {
            throw MalformedFileException.of(
                    path, where, size + " bytes", "a table of " + chunks + " chunks, at most " + MAX_CHUNKS);
        }
        ChunkTable table = new ChunkTable(path, tensor, bits, (int) chunks);
        table.offsets[0] = chunks * ENTRY;
        for (int from = 0; from < chunks; from += PIECE) {
            int count = (int) Math.min(PIECE, chunks - from);
            ByteBuffer entries = tensor.view((long) from * ENTRY, count * ENTRY).order(ByteOrder.LITTLE_ENDIAN);
            for (int k = 0; k < count; k++) {
                table.add(from + k, entries.getInt(k * ENTRY), entries.getInt(k * ENTRY + 4), counted);
            }
        }
        if (table.offsets[(int) chunks] != size) {
            throw MalformedFileException.of(
                    path, where, size + " bytes", table.offsets[(int) chunks] + " as its table says");
        }
        return table;
    }

    private void add(int number, int first, int second, boolean counted) throws MalformedFileException {
        int kind = second >>> LENGTH_BITS;
        int length = second & (1 << LENGTH_BITS) - 1;
        int own = bits(number);
        Chunk.Encoding encoding =
                Chunk.Encoding.of(kind).orElseThrow(() -> malformed(number, "encoding " + kind, "0 to 3"));
        int bytes = (own + 7) / 8;
        boolean fits = switch (encoding) {
            case ZEROS, ONES -> length == 0;
            case RAW -> length == bytes;
            case DEFLATED -> length > 0 && length < bytes;
        };
        if (!fits) {
            throw malformed(number, encoding + " in " + length + " bytes", "a payload for " + bytes + " bytes");
        }
        long most = counted && encoding != Chunk.Encoding.ZEROS ? own : 0;
        long least = counted && encoding == Chunk.Encoding.ONES ? own : 0;
        if (first < least || first > most) {
            throw malformed(
                    number, Integer.toUnsignedString(first) + " ones", least + " to " + most + " of " + own + " bits");
        }
        encodings[number] = encoding;
        offsets[number + 1] = offsets[number] + length;
        ones[number + 1] = ones[number] + first;
    }

    private MalformedFileException malformed(int number, String found, String expected) {
        return MalformedFileException.of(path, where(number), found, expected);
    }

    private String where(int number) {
        return "tensor '" + name + "' at " + tensor.location() + ", chunk " + number;
    }

    int chunks() {
        return encodings.length;
    }

    /** How many bits a chunk has. */
    int bits(int number) {
        return (int) Math.min(Chunk.BITS, bits - (long) number * Chunk.BITS);
    }

    Chunk.Encoding encoding(int number) {
        return encodings[number];
    }

    /** How many bits before a chunk are 1; of the number of chunks, how many are in all. */
    long onesBefore(int number) {
        return ones[number];
    }

    /** A chunk's bytes. */
    byte[] decode(int number) throws IOException {
        byte[] payload = new byte[(int) (offsets[number + 1] - offsets[number])];
        tensor.readBytes(offsets[number], ByteBuffer.wrap(payload));
        return Chunk.decode(encoding(number), payload, bits(number), path, where(number));
    }

    /** A chunk's bits, with as many ones as the table says. */
    ChunkBits bits(byte[] decoded, int number) throws MalformedFileException {
        ChunkBits found = ChunkBits.of(decoded);
        long expected = ones[number + 1] - ones[number];
        if (found.ones() != expected) {
            throw malformed(number, found.ones() + " ones", expected + ", as the table says");
        }
        return found;
    }
}
