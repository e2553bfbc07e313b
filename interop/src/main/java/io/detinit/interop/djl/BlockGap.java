package io.detinit.interop.djl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bytes between one parameter and the next, or the end: the records of blocks, and the marks of parameters that were never
 * initialised. The file does not say which block wrote which layout, so every split into known layouts is tried; bytes that have
 * none are refused, since a parameter could be lost among them.
 *
 * @param records the blocks' records in order
 * @param uninitialised how many parameters without elements were marked
 * @param end where the parameter begins, or the end of the file
 */
record BlockGap(List<BlockRecord> records, int uninitialised, long end) {

    private static final int USUAL_BYTES = 1 << 10;
    private static final int MAX_BYTES = 1 << 16;
    private static final int PARAMETER = 'P';
    private static final int NO_PARAMETER = 'N';

    /** "NDAR" with its length before it, which begins every array. */
    private static final byte[] ARRAY = {0, 4, 'N', 'D', 'A', 'R'};

    /** How a place was reached: from where, and by which record (none: the mark of a parameter that is not there). */
    private record Step(int from, @Nullable BlockRecord record) {}

    /**
     * Finds the next parameter.
     *
     * @param cursor after a parameter or the header; then at the next parameter or the end of the file
     * @return what lies between
     * @throws io.detinit.interop.file.MalformedFileException if the bytes are no records
     * @throws IOException if reading fails
     */
    static BlockGap read(DjlCursor cursor) throws IOException {
        Optional<BlockGap> usual = search(cursor, USUAL_BYTES);
        Optional<BlockGap> gap = usual.isPresent() ? usual : search(cursor, MAX_BYTES);
        if (gap.isEmpty()) {
            throw cursor.malformed(
                    cursor.position(),
                    "more than " + MAX_BYTES + " bytes that are no parameter",
                    "a parameter or the end of the file");
        }
        cursor.moveTo(gap.get().end());
        return gap.get();
    }

    /** Searches in the next bytes only; empty where a record may be cut short by that alone. */
    private static Optional<BlockGap> search(DjlCursor cursor, int most) throws IOException {
        long from = cursor.position();
        byte[] bytes = cursor.peek(most);
        boolean whole = bytes.length == cursor.remaining();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        @Nullable Step[] reached = new @Nullable Step[bytes.length + 1];
        int furthest = 0;
        for (int at = 0; at <= bytes.length; at++) {
            if (at > 0 && reached[at] == null) {
                continue;
            }
            furthest = at;
            if ((at == bytes.length && whole) || isParameter(cursor, from + at)) {
                return Optional.of(of(reached, at, from));
            }
            for (BlockRecord record : BlockRecord.values()) {
                Optional<Integer> end = record.match(buffer.position(at));
                if (end.isPresent() && reached[end.get()] == null) {
                    reached[end.get()] = new Step(at, record);
                }
            }
            if (at + 2 <= bytes.length && bytes[at] == 0 && bytes[at + 1] == NO_PARAMETER && reached[at + 2] == null) {
                reached[at + 2] = new Step(at, null);
            }
        }
        if (!whole && furthest > bytes.length - USUAL_BYTES) {
            return Optional.empty();
        }
        throw cursor.malformed(
                from + furthest,
                cursor.remaining() == furthest ? "the end of the file" : "unknown bytes",
                "a parameter or the record of a block of DJL (blocks with metadata of their own are not supported)");
    }

    private static BlockGap of(@Nullable Step[] reached, int end, long from) {
        List<BlockRecord> records = new ArrayList<>();
        int uninitialised = 0;
        int at = end;
        for (Step step = reached[at]; at > 0 && step != null; step = reached[at]) {
            if (step.record() == null) {
                uninitialised++;
            } else {
                records.add(step.record());
            }
            at = step.from();
        }
        Collections.reverse(records);
        return new BlockGap(List.copyOf(records), uninitialised, from + end);
    }

    /** Whether a parameter begins here: {@code 'P'}, version 1, a name, an array. */
    private static boolean isParameter(DjlCursor cursor, long position) throws IOException {
        long before = cursor.position();
        cursor.moveTo(position);
        try {
            if (cursor.remaining() < 5 + ARRAY.length || cursor.readUnsignedShort("a mark") != PARAMETER) {
                return false;
            }
            int version = cursor.readByte("a version");
            int name = cursor.readUnsignedShort("a name");
            if (version != 1 || cursor.remaining() < name + ARRAY.length) {
                return false;
            }
            cursor.moveTo(cursor.position() + name);
            return java.util.Arrays.equals(cursor.peek(ARRAY.length), ARRAY);
        } finally {
            cursor.moveTo(before);
        }
    }
}
