package io.detinit.generator.quality;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes the words of an order to standard output, 8 bytes each, lowest first, until nobody reads: food for other batteries. A
 * tool, not a test.
 *
 * <pre>WordStream ORDER [FROM [SOURCE]] | dieharder -g 200 -a</pre>
 */
public final class WordStream {

    private static final int CHUNK = 1 << 14;

    private WordStream() {}

    /**
     * Writes.
     *
     * @param args the order's name, the first position (default: 0), the source (default: detinit)
     */
    public static void main(String[] args) {
        Order order = Orders.named(args[0]);
        long from = args.length > 1 ? Long.parseLong(args[1]) : 0;
        Source source = QualityBattery.source(args.length > 2 ? args[2] : "detinit");
        try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
            write(order, from, source, new BufferedOutputStream(out, 8 * CHUNK));
        } catch (IOException e) {
            System.getLogger(WordStream.class.getName())
                    .log(System.Logger.Level.DEBUG, "the reader has closed the pipe", e);
        }
    }

    private static void write(Order order, long from, Source source, OutputStream out) throws IOException {
        long[] words = new long[CHUNK];
        ByteBuffer bytes = ByteBuffer.allocate(8 * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = from; ; at += CHUNK) {
            order.fill(source, at, words, CHUNK);
            bytes.asLongBuffer().put(words);
            out.write(bytes.array());
        }
    }
}
