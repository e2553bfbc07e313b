package io.detinit.interop.zip;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * A zip archive, read by its central directory (APPNOTE.TXT 6.3.10), Zip64 included. Local headers are looked at only where an
 * entry's content is asked for: its place follows from the local header, the sizes from the directory, since streaming writers
 * leave them out of the local header.
 *
 * <p>Nothing is believed: every range is checked against the archive, entries may not overlap, and a deflated entry may not claim
 * more bytes than deflate can make of what is there. CRCs are not checked (PyTorch can be told to write none).
 *
 * <p>Safe for use by many threads while the source is open.
 */
public final class ZipArchive {

    private static final int LOCAL = 0x04034B50;
    private static final int LOCAL_BYTES = 30;

    /** Deflate makes at most 1032 bytes of one (258 for two bits), and a little for the frame. */
    private static final long MAX_RATIO = 1032;

    private final ByteSource source;
    private final Map<String, ZipEntryInfo> entries;

    private ZipArchive(ByteSource source, Map<String, ZipEntryInfo> entries) {
        this.source = source;
        this.entries = Collections.unmodifiableMap(entries);
    }

    /**
     * Reads the directory of an archive.
     *
     * @param source the archive, from its first byte to its last
     * @return the archive
     * @throws MalformedFileException if it breaks the rules of the format
     * @throws IOException if reading fails
     */
    public static ZipArchive open(ByteSource source) throws IOException {
        return new ZipArchive(source, new CentralDirectory(source).read());
    }

    /** {@return what the archive is read from} */
    public ByteSource source() {
        return source;
    }

    /** {@return the entries in the order of the directory} */
    public Collection<ZipEntryInfo> entries() {
        return entries.values();
    }

    /**
     * Looks an entry up.
     *
     * @param name its path
     * @return the entry, empty where there is none
     */
    public Optional<ZipEntryInfo> find(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    /**
     * The content of an entry.
     *
     * @param entry an entry of this archive
     * @return its bytes: a part of the source where they are stored, else inflated as they are read
     * @throws MalformedFileException if the entry is encrypted, compressed by another method than deflate, or lies outside
     * @throws IOException if reading fails
     */
    public ByteSource content(ZipEntryInfo entry) throws IOException {
        ByteSource bytes = raw(entry);
        String label = source.name() + ": " + entry.name();
        switch (entry.method()) {
            case ZipEntryInfo.STORED -> {
                if (entry.size() != entry.compressedSize()) {
                    throw malformed(
                            entry,
                            "a stored entry of " + entry.compressedSize() + " bytes",
                            "the " + entry.size() + " of its content");
                }
                return bytes;
            }
            case ZipEntryInfo.DEFLATED -> {
                if (entry.size() / MAX_RATIO > entry.compressedSize()) {
                    throw malformed(
                            entry,
                            "a claim of " + entry.size() + " bytes from " + entry.compressedSize(),
                            "at most " + MAX_RATIO + " times as many, the most that deflate can do");
                }
                return new InflatedBytes(label, bytes, entry.size());
            }
            default ->
                throw MalformedFileException.unsupported(
                        source.name(),
                        "entry '" + entry.name() + "'",
                        "compression method " + entry.method(),
                        "zip it anew");
        }
    }

    /**
     * The bytes of an entry as they lie in the archive, compressed or not.
     *
     * @param entry an entry of this archive
     * @return its bytes
     * @throws MalformedFileException if the entry is encrypted or its local header does not fit
     * @throws IOException if reading fails
     */
    public ByteSource raw(ZipEntryInfo entry) throws IOException {
        if (entry.encrypted()) {
            throw MalformedFileException.unsupported(
                    source.name(), "entry '" + entry.name() + "'", "an encrypted entry", "decrypt the archive first");
        }
        long at = entry.headerOffset();
        if (at + LOCAL_BYTES > entry.end()) {
            throw malformed(entry, "no room for a local header", "one of " + LOCAL_BYTES + " bytes");
        }
        int named = LOCAL_BYTES + entry.name().getBytes(StandardCharsets.UTF_8).length; // one read where reads are slow
        int together = (int) Math.min(named, entry.end() - at);
        ByteBuffer header = ByteBuffer.allocate(together).order(ByteOrder.LITTLE_ENDIAN);
        source.read(at, header);
        if (header.getInt(0) != LOCAL) {
            throw malformed(entry, "no local header", "the bytes PK 3 4");
        }
        int nameBytes = header.getShort(26) & 0xFFFF;
        int extraBytes = header.getShort(28) & 0xFFFF;
        long from = at + LOCAL_BYTES + nameBytes + extraBytes;
        if (from > entry.end() - entry.compressedSize()) {
            throw malformed(
                    entry,
                    entry.compressedSize() + " bytes from " + source.filePosition(from) + " on",
                    "an end before the next entry at byte " + source.filePosition(entry.end()));
        }
        if (!sameName(header, nameBytes, at, entry.name())) {
            throw malformed(entry, "another name in its local header", "the name that the directory gives");
        }
        return source.part(source.name() + ": " + entry.name(), from, entry.compressedSize());
    }

    /** Whether a local header, of which the beginning was read, has a name. */
    private boolean sameName(ByteBuffer header, int nameBytes, long at, String expected) throws IOException {
        byte[] name = new byte[nameBytes];
        if (LOCAL_BYTES + nameBytes <= header.limit()) {
            header.get(LOCAL_BYTES, name);
        } else {
            source.read(at + LOCAL_BYTES, ByteBuffer.wrap(name));
        }
        return Arrays.equals(name, expected.getBytes(StandardCharsets.UTF_8))
                || new String(name, StandardCharsets.UTF_8).equals(expected);
    }

    private MalformedFileException malformed(ZipEntryInfo entry, String found, String expected) {
        return MalformedFileException.of(
                source.name(),
                "entry '" + entry.name() + "' at byte " + source.filePosition(entry.headerOffset()),
                found,
                expected);
    }
}
