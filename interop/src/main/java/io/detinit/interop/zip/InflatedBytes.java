package io.detinit.interop.zip;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * The content of a deflated entry, inflated block by block as it is read. The last few blocks are kept; reading further back
 * begins again at the entry's start, so reading in order is cheap and memory stays bounded whatever the entry claims.
 *
 * <p>Safe for use by many threads, one at a time inside.
 */
final class InflatedBytes implements ByteSource {

    private static final int BLOCK = 1 << 20;
    private static final int KEPT = 16;
    private static final int INPUT = 1 << 16;

    private final String name;
    private final ByteSource compressed;
    private final long size;
    private final Map<Long, byte[]> blocks = new LinkedHashMap<>();

    /** Between the first block and the last one; holds native memory. */
    private @Nullable Inflater inflater;

    private long nextInput;
    private long nextBlock;

    InflatedBytes(String name, ByteSource compressed, long size) {
        this.name = name;
        this.compressed = compressed;
        this.size = size;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long filePosition(long position) {
        return compressed.filePosition(0);
    }

    @Override
    public synchronized void read(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), size);
        long at = position;
        while (destination.hasRemaining()) {
            byte[] block = block(at / BLOCK);
            int offset = (int) (at % BLOCK);
            int count = Math.min(destination.remaining(), block.length - offset);
            destination.put(block, offset, count);
            at += count;
        }
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, size);
        Objects.checkIndex(length, MAX_VIEW + 1);
        ByteBuffer bytes = ByteBuffer.allocate(length);
        read(position, bytes);
        return bytes.flip().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private byte[] block(long number) throws IOException {
        byte[] known = blocks.get(number);
        if (known != null) {
            return known;
        }
        Inflater running = inflater;
        if (running == null || number < nextBlock) {
            end();
            running = new Inflater(true);
            inflater = running;
            nextInput = 0;
            nextBlock = 0;
        }
        boolean done = false;
        try {
            byte[] block = inflateNext(running);
            while (nextBlock <= number) {
                block = inflateNext(running);
            }
            done = nextBlock * BLOCK < size;
            return block;
        } catch (DataFormatException e) {
            throw malformed("bytes that are no deflate stream: " + e.getMessage());
        } finally {
            if (!done) { // failed, or nothing more to come
                end();
            }
        }
    }

    private void end() {
        if (inflater != null) {
            inflater.end();
            inflater = null;
        }
    }

    private byte[] inflateNext(Inflater running) throws IOException, DataFormatException {
        byte[] block = new byte[(int) Math.min(BLOCK, size - nextBlock * BLOCK)];
        int done = 0;
        while (done < block.length) {
            int count = running.inflate(block, done, block.length - done);
            done += count;
            if (count == 0 && (running.finished() || running.needsDictionary() || !feed(running))) {
                throw malformed("a content that ends after " + (nextBlock * BLOCK + done) + " bytes");
            }
        }
        nextBlock++;
        if (nextBlock * BLOCK >= size) {
            checkEnd(running);
        }
        if (blocks.size() == KEPT) {
            blocks.remove(blocks.keySet().iterator().next());
        }
        blocks.put(nextBlock - 1, block);
        return block;
    }

    private boolean feed(Inflater running) throws IOException {
        long left = compressed.size() - nextInput;
        if (left <= 0) {
            return false;
        }
        ByteBuffer input = ByteBuffer.allocate((int) Math.min(INPUT, left));
        compressed.read(nextInput, input);
        nextInput += input.position();
        running.setInput(input.flip());
        return true;
    }

    /** The stream must end with the last byte that was claimed. */
    private void checkEnd(Inflater running) throws IOException, DataFormatException {
        byte[] more = new byte[1];
        while (!running.finished()) {
            if (running.inflate(more) > 0) {
                throw malformed("a content that goes on after its " + size + " bytes");
            }
            if (!running.finished() && (running.needsDictionary() || (running.needsInput() && !feed(running)))) {
                throw malformed("a deflate stream without its end");
            }
        }
    }

    private MalformedFileException malformed(String found) {
        return MalformedFileException.of(
                name,
                "deflated content at byte " + compressed.filePosition(0),
                found,
                size + " bytes, as the directory says");
    }
}
