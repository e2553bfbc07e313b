package io.detinit.training.data;

import io.detinit.interop.file.MalformedFileException;
import java.io.BufferedReader;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The characters of a CSV file: UTF-8, a byte order mark left out, and no record longer than a bound. Not thread-safe.
 */
final class CsvSource extends FilterReader {

    /** The longest record: a quote that is never closed would be the rest of the file. */
    static final int LONGEST_RECORD = 1 << 25;

    /** The separators by what a first line may hold. */
    private static final char[] SEPARATORS = {'\t', ';', ','};

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final Path file;
    private long inRecord;

    private CsvSource(Path file, Reader in) {
        super(in);
        this.file = file;
    }

    static CsvSource open(Path file) throws IOException {
        Reader reader = new InputStreamReader(
                Files.newInputStream(file),
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
        BufferedReader buffered = new BufferedReader(reader, 1 << 16);
        CsvSource source = new CsvSource(file, buffered);
        boolean done = false;
        try {
            buffered.mark(1);
            if (source.read() != BYTE_ORDER_MARK) {
                buffered.reset();
            }
            done = true;
            return source;
        } finally {
            if (!done) {
                source.close();
            }
        }
    }

    /** The next record begins. */
    void nextRecord() {
        inRecord = 0;
    }

    @Override
    public int read() throws IOException {
        char[] one = new char[1];
        return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int read;
        try {
            read = super.read(buffer, offset, length);
        } catch (CharacterCodingException e) {
            throw MalformedFileException.of(file, "text", "bytes that are not UTF-8", "UTF-8; convert the file");
        }
        inRecord += Math.max(0, read);
        if (inRecord > LONGEST_RECORD) {
            throw MalformedFileException.of(
                    file,
                    "text",
                    "a row of more than " + LONGEST_RECORD + " characters",
                    "rows; is a quote left open?");
        }
        return read;
    }

    /**
     * The separator of the first line that is not empty: the one of comma, semicolon and tab that it holds most often outside quotes;
     * of equals tab, then semicolon, since a decimal comma is likelier than either in a number.
     */
    static char separator(Path file) throws IOException {
        int[] counts = new int[SEPARATORS.length];
        try (CsvSource source = open(file)) {
            boolean quoted = false;
            boolean empty = true;
            char[] piece = new char[1 << 13];
            for (int read = source.read(piece, 0, piece.length);
                    read >= 0;
                    read = source.read(piece, 0, piece.length)) {
                for (int k = 0; k < read; k++) {
                    char c = piece[k];
                    quoted ^= c == '"';
                    if ((c == '\n' || c == '\r') && !quoted && !empty) {
                        return most(counts);
                    }
                    empty &= c == '\n' || c == '\r';
                    for (int s = 0; s < SEPARATORS.length && !quoted; s++) {
                        counts[s] += c == SEPARATORS[s] ? 1 : 0;
                    }
                }
            }
        }
        return most(counts);
    }

    private static char most(int[] counts) {
        int best = 0;
        for (int s = 1; s < counts.length; s++) {
            best = counts[s] > counts[best] ? s : best;
        }
        return counts[best] == 0 ? ',' : SEPARATORS[best];
    }
}
