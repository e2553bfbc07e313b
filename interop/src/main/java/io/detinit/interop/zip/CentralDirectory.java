package io.detinit.interop.zip;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Finds and reads the directory at an archive's end. Not safe for use by several threads. */
final class CentralDirectory {

    private static final int END = 0x06054B50;
    private static final int END_BYTES = 22;
    private static final int MAX_COMMENT = 0xFFFF;
    private static final int END64_LOCATOR = 0x07064B50;
    private static final int END64_LOCATOR_BYTES = 20;
    private static final int END64 = 0x06064B50;
    private static final int END64_BYTES = 56;
    private static final int HEADER = 0x02014B50;
    private static final int HEADER_BYTES = 46;
    private static final int ZIP64_EXTRA = 1;
    private static final long UNSIGNED_INT = 0xFFFF_FFFFL;

    /** A directory is read whole; one of two million entries with long names is larger than any checkpoint's. */
    private static final int MAX_BYTES = 1 << 28;

    private final ByteSource source;
    private long count;
    private long from;
    private long bytes;

    CentralDirectory(ByteSource source) {
        this.source = source;
    }

    Map<String, ZipEntryInfo> read() throws IOException {
        locate();
        if (bytes > MAX_BYTES) {
            throw malformed("the directory", from, bytes + " bytes", "at most " + MAX_BYTES);
        }
        if (count > bytes / HEADER_BYTES) {
            throw malformed("the directory", from, count + " entries in " + bytes + " bytes", "fewer");
        }
        ByteBuffer directory = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
        source.read(from, directory);
        directory.flip();
        List<ZipEntryInfo> list = new ArrayList<>();
        for (long k = 0; k < count; k++) {
            list.add(entry(directory));
        }
        if (directory.hasRemaining()) {
            throw malformed(
                    "the directory",
                    from + directory.position(),
                    directory.remaining() + " bytes after its " + count + " entries",
                    "none");
        }
        return withEnds(list);
    }

    /** Finds the end record, which a comment may follow, and where it says the directory lies. */
    private void locate() throws IOException {
        long size = source.size();
        int tailBytes = (int) Math.min(size, END_BYTES + MAX_COMMENT);
        ByteBuffer tail = ByteBuffer.allocate(tailBytes).order(ByteOrder.LITTLE_ENDIAN);
        source.read(size - tailBytes, tail);
        int at = tailBytes - END_BYTES;
        while (at >= 0
                && !(tail.getInt(at) == END && (tail.getShort(at + 20) & 0xFFFF) == tailBytes - END_BYTES - at)) {
            at--;
        }
        if (at < 0) {
            throw malformed("zip archive", size, "no directory at the end", "one; the file is truncated or no zip");
        }
        long end = size - tailBytes + at;
        count = tail.getShort(at + 10) & 0xFFFF;
        bytes = tail.getInt(at + 12) & UNSIGNED_INT;
        from = tail.getInt(at + 16) & UNSIGNED_INT;
        int disk = tail.getShort(at + 4) & 0xFFFF;
        if (disk != 0 && disk != 0xFFFF) {
            throw malformed("zip archive", end, "part " + disk + " of several", "one file");
        }
        long limit = end;
        if (count == 0xFFFF || bytes == UNSIGNED_INT || from == UNSIGNED_INT) {
            limit = locate64(end);
        }
        if (from < 0 || bytes < 0 || bytes > limit || from > limit - bytes) {
            throw malformed(
                    "zip archive",
                    end,
                    "a directory at " + from + " of " + bytes + " bytes",
                    "one before byte " + limit);
        }
    }

    /** Zip64's own end record, where there is one; returns where the directory must end. */
    private long locate64(long end) throws IOException {
        long locatorAt = end - END64_LOCATOR_BYTES;
        if (locatorAt < 0) {
            return end;
        }
        ByteBuffer locator = little(END64_LOCATOR_BYTES);
        source.read(locatorAt, locator);
        if (locator.getInt(0) != END64_LOCATOR) {
            return end;
        }
        long at = locator.getLong(8);
        if (at < 0 || at > locatorAt - END64_BYTES) {
            throw malformed("zip archive", locatorAt, "a Zip64 end record at byte " + at, "one before the locator");
        }
        ByteBuffer record = little(END64_BYTES);
        source.read(at, record);
        if (record.getInt(0) != END64) {
            throw malformed("zip archive", at, "no Zip64 end record", "the bytes PK 6 6");
        }
        count = record.getLong(32);
        bytes = record.getLong(40);
        from = record.getLong(48);
        if (count < 0) {
            throw malformed("zip archive", at, Long.toUnsignedString(count) + " entries", "fewer");
        }
        return at;
    }

    private ZipEntryInfo entry(ByteBuffer directory) throws MalformedFileException {
        int at = directory.position();
        if (directory.remaining() < HEADER_BYTES || directory.getInt(at) != HEADER) {
            throw malformed("the directory", from + at, "no entry", "the bytes PK 1 2");
        }
        int flags = directory.getShort(at + 8) & 0xFFFF;
        int method = directory.getShort(at + 10) & 0xFFFF;
        int crc = directory.getInt(at + 16);
        int nameBytes = directory.getShort(at + 28) & 0xFFFF;
        int extraBytes = directory.getShort(at + 30) & 0xFFFF;
        int commentBytes = directory.getShort(at + 32) & 0xFFFF;
        if (directory.remaining() - HEADER_BYTES < nameBytes + extraBytes + commentBytes) {
            throw malformed("the directory", from + at, "an entry cut short", "its name and fields");
        }
        String name = StandardCharsets.UTF_8
                .decode(directory.slice(at + HEADER_BYTES, nameBytes))
                .toString();
        // Compressed size, size and offset, in the order of the Zip64 field: size, compressed size, offset
        long[] numbers = {
            directory.getInt(at + 24) & UNSIGNED_INT,
            directory.getInt(at + 20) & UNSIGNED_INT,
            directory.getInt(at + 42) & UNSIGNED_INT
        };
        widen(
                numbers,
                directory.slice(at + HEADER_BYTES + nameBytes, extraBytes).order(ByteOrder.LITTLE_ENDIAN));
        long size = numbers[0];
        boolean compressed = method == ZipEntryInfo.DEFLATED;
        if (size < 0 || (!compressed && size > from) || isOutside(numbers[1]) || isOutside(numbers[2])) {
            throw malformed(
                    "entry '" + name + "' in the directory",
                    from + at,
                    Long.toUnsignedString(numbers[1]) + " bytes at byte " + Long.toUnsignedString(numbers[2])
                            + " for a content of " + Long.toUnsignedString(size),
                    "a place before the directory");
        }
        directory.position(at + HEADER_BYTES + nameBytes + extraBytes + commentBytes);
        return new ZipEntryInfo(name, method, flags, crc, numbers[1], size, numbers[2], from);
    }

    private boolean isOutside(long number) {
        return number < 0 || number > from;
    }

    /** Takes the numbers that do not fit 32 bits from the Zip64 field. */
    private static void widen(long[] numbers, ByteBuffer extra) {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & 0xFFFF;
            int length = Math.min(extra.getShort() & 0xFFFF, extra.remaining());
            if (id == ZIP64_EXTRA) {
                ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
                for (int k = 0; k < numbers.length; k++) {
                    if (numbers[k] == UNSIGNED_INT && field.remaining() >= 8) {
                        numbers[k] = field.getLong();
                    }
                }
            }
            extra.position(extra.position() + length);
        }
    }

    /** Each entry must end before the next one begins. */
    private Map<String, ZipEntryInfo> withEnds(List<ZipEntryInfo> list) throws MalformedFileException {
        List<ZipEntryInfo> byOffset = new ArrayList<>(list);
        byOffset.sort(Comparator.comparingLong(ZipEntryInfo::headerOffset));
        Map<String, Long> ends = new LinkedHashMap<>();
        for (int k = 0; k < byOffset.size(); k++) {
            ZipEntryInfo entry = byOffset.get(k);
            long end = k + 1 < byOffset.size() ? byOffset.get(k + 1).headerOffset() : from;
            if (entry.compressedSize() > end - entry.headerOffset()) {
                throw malformed(
                        "entry '" + entry.name() + "'",
                        entry.headerOffset(),
                        entry.compressedSize() + " bytes that reach into what follows at byte " + end,
                        "entries that do not overlap");
            }
            ends.put(entry.name(), end);
        }
        Map<String, ZipEntryInfo> entries = new LinkedHashMap<>();
        for (ZipEntryInfo e : list) {
            ZipEntryInfo whole = new ZipEntryInfo(
                    e.name(),
                    e.method(),
                    e.flags(),
                    e.crc(),
                    e.compressedSize(),
                    e.size(),
                    e.headerOffset(),
                    ends.getOrDefault(e.name(), from));
            if (entries.put(e.name(), whole) != null) {
                throw malformed("the directory", from, "two entries '" + e.name() + "'", "unique names");
            }
        }
        return entries;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private MalformedFileException malformed(String where, long position, String found, String expected) {
        return MalformedFileException.of(
                source.name(), where + ", byte " + source.filePosition(position), found, expected);
    }
}
