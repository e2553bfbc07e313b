package io.detinit.interop.mask;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A mask that a file holds as a U8 or BOOL tensor, read as it is asked for. Holds 64 KiB. Not thread-safe. */
public final class StoredBits implements MaskBits {

    private final String file;
    private final TensorView tensor;
    private final ByteBuffer bytes = ByteBuffer.allocate(ScoreChunk.SIZE);

    /**
     * A mask.
     *
     * @param file what messages call its file
     * @param tensor its elements, in the order of the parameter
     */
    public StoredBits(String file, TensorView tensor) {
        this.file = file;
        this.tensor = tensor;
    }

    /**
     * Reads bits.
     *
     * @throws MalformedFileException if an element is neither 0 nor 1
     */
    @Override
    public long read(long from, int count, long[] words) throws IOException {
        Arrays.fill(words, 0, (count + Long.SIZE - 1) / Long.SIZE, 0);
        long kept = 0;
        for (int at = 0; at < count; at += ScoreChunk.SIZE) {
            bytes.clear().limit(Math.min(ScoreChunk.SIZE, count - at));
            tensor.readBytes(from + at, bytes);
            for (int k = 0; k < bytes.limit(); k++) {
                int value = bytes.get(k) & 0xFF;
                if (value > 1) {
                    throw MalformedFileException.of(
                            file,
                            "tensor '" + tensor.info().name() + "', element " + (from + at + k),
                            String.valueOf(value),
                            "0 (prune) or 1 (keep)");
                }
                words[(at + k) >>> 6] |= (long) value << k;
                kept += value;
            }
        }
        return kept;
    }
}
