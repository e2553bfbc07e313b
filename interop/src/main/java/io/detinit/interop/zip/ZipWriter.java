package io.detinit.interop.zip;

import io.detinit.interop.file.ByteSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Writes a zip archive entry by entry. Contents begin at multiples of 64 bytes, as PyTorch aligns its records, by an extra field
 * with the id {@code FB}; Zip64 fields are written where 32 bits do not suffice. Local headers hold the CRC and the sizes.
 *
 * <p>Not safe for use by several threads.
 */
public final class ZipWriter {

    /** Contents begin at multiples of this. */
    public static final int ALIGNMENT = 64;

    private static final int LOCAL_BYTES = 30;
    private static final int CRC_OFFSET = 14;
    private static final int CHUNK = 1 << 20;
    private static final int UTF8_FLAG = 1 << 11;
    private static final int DATE_1980_01_01 = 0x21;
    private static final long UNSIGNED_INT = 0xFFFF_FFFFL;
    private static final short PADDING_ID = 0x4246; // "FB"

    private final FileChannel channel;
    private final ByteArrayOutputStream directory = new ByteArrayOutputStream();
    private final Set<String> names = new HashSet<>();

    /**
     * A writer.
     *
     * @param channel empty, open for writing
     */
    public ZipWriter(FileChannel channel) {
        this.channel = channel;
    }

    /** Writes the content of an entry. */
    @FunctionalInterface
    public interface Body {
        /**
         * Writes the content, piece by piece.
         *
         * @param sink receives the pieces
         * @throws IOException if reading or writing fails
         */
        void write(Sink sink) throws IOException;
    }

    /** Receives the pieces of a content. */
    @FunctionalInterface
    public interface Sink {
        /**
         * Writes one piece.
         *
         * @param bytes from position to limit; consumed
         * @throws IOException if writing fails
         */
        void write(ByteBuffer bytes) throws IOException;
    }

    /**
     * Copies an entry of another archive as it lies there, compressed or not, with the CRC that its directory states.
     *
     * @param archive the other archive
     * @param entry one of its entries
     * @throws IOException if reading or writing fails
     */
    public void copy(ZipArchive archive, ZipEntryInfo entry) throws IOException {
        ByteSource raw = archive.raw(entry);
        long header = channel.position();
        begin(entry.name(), entry.method(), entry.crc(), entry.compressedSize(), entry.size());
        copy(raw, this::append);
        list(entry.name(), entry.method(), entry.crc(), entry.compressedSize(), entry.size(), header);
    }

    /**
     * Stores an entry.
     *
     * @param name its path in the archive
     * @param size how many bytes the body will write
     * @param body writes them
     * @throws IOException if the body fails or writing does
     * @throws IllegalStateException if the body writes another number of bytes
     */
    public void store(String name, long size, Body body) throws IOException {
        long header = channel.position();
        begin(name, ZipEntryInfo.STORED, 0, size, size);
        long from = channel.position();
        CRC32 crc = new CRC32();
        body.write(bytes -> {
            crc.update(bytes.duplicate());
            append(bytes);
        });
        long written = channel.position() - from;
        if (written != size) {
            throw new IllegalStateException(
                    "entry '" + name + "' got " + written + " bytes, " + size + " were announced");
        }
        int value = (int) crc.getValue();
        channel.write(little(4).putInt(value).flip(), header + CRC_OFFSET);
        list(name, ZipEntryInfo.STORED, value, size, size, header);
    }

    /**
     * Stores an entry from memory.
     *
     * @param name its path in the archive
     * @param content its bytes
     * @throws IOException if writing fails
     */
    public void store(String name, byte[] content) throws IOException {
        store(name, content.length, sink -> sink.write(ByteBuffer.wrap(content)));
    }

    /**
     * Stores an entry of zeros, as a hole where the file system can have holes.
     *
     * @param name its path in the archive
     * @param size how many zeros
     * @throws IOException if writing fails
     */
    public void storeZeros(String name, long size) throws IOException {
        CRC32 crc = new CRC32();
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(CHUNK, size));
        for (long at = 0; at < size; at += zeros.limit()) {
            crc.update(zeros.clear().limit((int) Math.min(zeros.capacity(), size - at)));
        }
        int value = (int) crc.getValue();
        long header = channel.position();
        begin(name, ZipEntryInfo.STORED, value, size, size);
        channel.position(channel.position() + size);
        list(name, ZipEntryInfo.STORED, value, size, size, header);
    }

    /**
     * Copies a source piece by piece.
     *
     * @param source what to copy
     * @param sink receives its bytes
     * @throws IOException if reading or writing fails
     */
    public static void copy(ByteSource source, Sink sink) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, source.size()));
        for (long at = 0; at < source.size(); at += chunk.limit()) {
            source.read(at, chunk.clear().limit((int) Math.min(chunk.capacity(), source.size() - at)));
            sink.write(chunk.flip());
        }
    }

    /**
     * Writes the directory. Nothing may follow.
     *
     * @throws IOException if writing fails
     */
    public void finish() throws IOException {
        long from = channel.position();
        long bytes = directory.size();
        append(ByteBuffer.wrap(directory.toByteArray()));
        long end64 = channel.position();
        int count = names.size();
        if (count >= 0xFFFF || from >= UNSIGNED_INT || bytes >= UNSIGNED_INT) {
            append(little(56)
                    .putInt(0x06064B50)
                    .putLong(44)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0)
                    .putLong(count)
                    .putLong(count)
                    .putLong(bytes)
                    .putLong(from)
                    .flip());
            append(little(20)
                    .putInt(0x07064B50)
                    .putInt(0)
                    .putLong(end64)
                    .putInt(1)
                    .flip());
        }
        short shortCount = (short) Math.min(count, 0xFFFF);
        append(little(22)
                .putInt(0x06054B50)
                .putInt(0)
                .putShort(shortCount)
                .putShort(shortCount)
                .putInt((int) Math.min(bytes, UNSIGNED_INT))
                .putInt((int) Math.min(from, UNSIGNED_INT))
                .putShort((short) 0)
                .flip());
    }

    private void begin(String name, int method, int crc, long compressedSize, long size) throws IOException {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > 0xFFFF || !names.add(name)) {
            throw new IllegalArgumentException("entry '" + name + "' is named too long or written twice");
        }
        long at = channel.position();
        boolean wide = compressedSize >= UNSIGNED_INT || size >= UNSIGNED_INT;
        int zip64Bytes = wide ? 20 : 0;
        long content = at + LOCAL_BYTES + utf8.length + zip64Bytes + 4;
        int padding = (int) ((ALIGNMENT - content % ALIGNMENT) % ALIGNMENT);
        ByteBuffer header = little(LOCAL_BYTES + utf8.length + zip64Bytes + 4 + padding);
        header.putInt(0x04034B50).putShort((short) (wide ? 45 : 20));
        common(header, method, crc, compressedSize, size, wide);
        header.putShort((short) utf8.length)
                .putShort((short) (zip64Bytes + 4 + padding))
                .put(utf8);
        if (wide) {
            header.putShort((short) 1).putShort((short) 16).putLong(size).putLong(compressedSize);
        }
        header.putShort(PADDING_ID).putShort((short) padding);
        while (header.hasRemaining()) {
            header.put((byte) 'Z');
        }
        append(header.flip());
    }

    private static void common(ByteBuffer header, int method, int crc, long compressedSize, long size, boolean wide) {
        header.putShort((short) UTF8_FLAG)
                .putShort((short) method)
                .putShort((short) 0)
                .putShort((short) DATE_1980_01_01)
                .putInt(crc)
                .putInt(wide ? -1 : (int) compressedSize)
                .putInt(wide ? -1 : (int) size);
    }

    private void list(String name, int method, int crc, long compressedSize, long size, long headerOffset) {
        boolean wide = compressedSize >= UNSIGNED_INT || size >= UNSIGNED_INT || headerOffset >= UNSIGNED_INT;
        int extra = wide ? 4 + 24 : 0;
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[46 + utf8.length + extra];
        ByteBuffer entry = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        entry.putInt(0x02014B50).putShort((short) 45).putShort((short) (wide ? 45 : 20));
        common(entry, method, crc, compressedSize, size, wide);
        entry.putShort((short) utf8.length)
                .putShort((short) extra)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0)
                .putInt(wide ? -1 : (int) headerOffset)
                .put(utf8);
        if (wide) {
            entry.putShort((short) 1)
                    .putShort((short) 24)
                    .putLong(size)
                    .putLong(compressedSize)
                    .putLong(headerOffset);
        }
        directory.writeBytes(bytes);
    }

    private void append(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
