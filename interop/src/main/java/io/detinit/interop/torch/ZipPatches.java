package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import io.detinit.interop.zip.ZipWriter.Body;
import io.detinit.interop.zip.ZipWriter.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * Changes stored entries of archives in place: every byte keeps its place, so that an archive inside another file can be changed
 * while what points into that file stays true. Checksums are set anew.
 *
 * <p>Not safe for use by several threads.
 */
final class ZipPatches {

    private static final int CHUNK = 1 << 20;
    private static final int DESCRIPTOR = 0x08074B50;
    private static final int DESCRIPTOR_FLAG = 8;
    private static final int LOCAL_CRC = 14;
    private static final int CENTRAL_BYTES = 46;
    private static final int CENTRAL_CRC = 16;

    private final ByteSource file;
    private final TreeMap<Long, Patch> patches = new TreeMap<>();

    private record Patch(long length, Body body) {}

    /**
     * Patches of a file.
     *
     * @param file the file, or the outermost source whose positions {@link ByteSource#filePosition} gives
     */
    ZipPatches(ByteSource file) {
        this.file = file;
    }

    /**
     * Replaces the content of an entry.
     *
     * @param archive an archive that is a part of the file
     * @param name the entry's name
     * @param body writes the new content, as many bytes as the old; called twice
     * @throws MalformedFileException if the entry is compressed
     * @throws IOException if reading fails
     */
    void replace(ZipArchive archive, String name, Body body) throws IOException {
        ZipEntryInfo entry = archive.find(name).orElseThrow();
        if (entry.method() != ZipEntryInfo.STORED) {
            throw MalformedFileException.unsupported(
                    archive.source().name(), "entry '" + name + "'", "changing a compressed entry", "save it anew");
        }
        ByteSource content = archive.content(entry);
        ByteSource zip = archive.source();
        CRC32 crc = new CRC32();
        body.write(crc::update);
        byte[] sum = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .array();
        patches.put(content.filePosition(0), new Patch(content.size(), body));
        if ((entry.flags() & DESCRIPTOR_FLAG) == 0) {
            put(zip.filePosition(entry.headerOffset() + LOCAL_CRC), sum);
        } else {
            long after = content.filePosition(0) + content.size() - zip.filePosition(0);
            boolean signed = after + 8 <= entry.end() && little(zip, after, 4).getInt(0) == DESCRIPTOR;
            if (after + (signed ? 8 : 4) <= entry.end()) {
                put(zip.filePosition(after + (signed ? 4 : 0)), sum);
            }
        }
        put(zip.filePosition(directoryEntry(archive, entry) + CENTRAL_CRC), sum);
    }

    private void put(long position, byte[] bytes) {
        patches.put(position, new Patch(bytes.length, sink -> sink.write(ByteBuffer.wrap(bytes))));
    }

    /** Where the directory describes an entry. The directory begins where the last entry has to end. */
    private static long directoryEntry(ZipArchive archive, ZipEntryInfo wanted) throws IOException {
        long at = 0;
        for (ZipEntryInfo entry : archive.entries()) {
            at = Math.max(at, entry.end());
        }
        for (ZipEntryInfo entry : archive.entries()) { // in the order of the directory
            if (entry.name().equals(wanted.name())) {
                return at;
            }
            ByteBuffer header = little(archive.source(), at, CENTRAL_BYTES);
            at += CENTRAL_BYTES
                    + (header.getShort(28) & 0xFFFF)
                    + (header.getShort(30) & 0xFFFF)
                    + (header.getShort(32) & 0xFFFF);
        }
        throw new IllegalStateException("no entry " + wanted.name());
    }

    private static ByteBuffer little(ByteSource source, long at, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        source.read(at, buffer);
        return buffer;
    }

    /**
     * Writes the whole file with its patches.
     *
     * @param sink receives as many bytes as the file has
     * @throws IOException if reading or writing fails
     */
    void write(Sink sink) throws IOException {
        long at = file.filePosition(0);
        for (Map.Entry<Long, Patch> entry : patches.entrySet()) {
            copy(at, entry.getKey(), sink);
            entry.getValue().body().write(sink);
            at = entry.getKey() + entry.getValue().length();
        }
        copy(at, file.filePosition(0) + file.size(), sink);
    }

    private void copy(long from, long to, Sink sink) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long at = from; at < to; at += chunk.limit()) {
            file.read(at - file.filePosition(0), chunk.clear().limit((int) Math.min(CHUNK, to - at)));
            sink.write(chunk.flip());
        }
    }
}
