package io.detinit.interop.onnx;

import io.detinit.generator.ReducedPrecision;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.function.StoredInit;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A tensor that nodes of its model compute from a seed, with the elements put in that the model holds. Safe for many threads. */
final class ComputedTensor implements TensorView {

    private static final int CHUNK = 1 << 12;

    private final TensorInfo info;
    private final StoredInit initial;
    private final MovedElements moved;
    private int @Nullable [] positions;

    /**
     * The elements that are not initial.
     *
     * @param coding the operator that puts them in, "Identity" where there are none
     * @param places their positions, as the operator takes them
     * @param values the elements
     */
    record MovedElements(
            String coding,
            @Nullable TensorView places,
            @Nullable TensorView values) {

        /** The positions, row-major, ascending. */
        int[] positions(TensorInfo info) throws IOException {
            if (places == null || values == null) {
                return new int[0];
            }
            int count = Math.toIntExact(places.info().shape().elements());
            byte[] raw = new byte[Math.toIntExact(places.info().bytes())];
            ByteBuffer bytes = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
            places.readBytes(0, bytes);
            int[] found = new int[Math.toIntExact(values.info().shape().elements())];
            int at = 0;
            if (coding.equals("MovedByBits")) {
                for (int k = 0; k < 8L * raw.length && k < info.shape().elements(); k++) {
                    if ((raw[k / 8] >> k % 8 & 1) != 0) {
                        at = put(found, at, k, info);
                    }
                }
            } else {
                long last = 0;
                for (int k = 0; k < count; k++) {
                    last = coding.equals("MovedAt") ? bytes.getInt(4 * k) : last + (raw[k] & 0xFF);
                    at = put(found, at, last, info);
                }
            }
            if (at != found.length) {
                throw malformed(info, at + " positions for " + found.length + " elements", "as many");
            }
            return found;
        }

        private static int put(int[] found, int at, long position, TensorInfo info) throws MalformedFileException {
            boolean ascends = at == 0 || position > found[at - 1];
            if (at == found.length || position < 0 || position >= info.shape().elements() || !ascends) {
                throw malformed(
                        info,
                        "position " + position + " as number " + at,
                        found.length + " ascending ones within " + info.shape());
            }
            found[at] = (int) position;
            return at + 1;
        }

        private static MalformedFileException malformed(TensorInfo info, String found, String expected) {
            return MalformedFileException.of("the model", "computed weight '" + info.name() + "'", found, expected);
        }
    }

    ComputedTensor(TensorInfo info, StoredInit initial, MovedElements moved) {
        this.info = info;
        this.initial = initial;
        this.moved = moved;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public String location() {
        return "computed, seed " + initial.init().seed() + ", layer "
                + initial.init().layer();
    }

    private synchronized int[] positions() throws IOException {
        if (positions == null) {
            positions = moved.positions(info);
        }
        return positions;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        int size = info.dtype().bytes();
        if (position % size != 0 || destination.remaining() % size != 0) {
            throw new IllegalArgumentException("a computed tensor is read in whole elements");
        }
        java.util.Objects.checkFromIndexSize(position, (long) destination.remaining(), info.bytes());
        long from = position / size;
        int count = destination.remaining() / size;
        float[] weights = new float[Math.min(count, CHUNK)];
        byte[] chunk = new byte[weights.length * size];
        ByteBuffer bytes = ByteBuffer.wrap(chunk).order(ByteOrder.LITTLE_ENDIAN);
        for (int done = 0; done < count; done += CHUNK) {
            int length = Math.min(CHUNK, count - done);
            initial.fill(from + done, weights, length);
            for (int k = 0; k < length; k++) {
                put(bytes, k, weights[k]);
            }
            putMoved(from + done, length, bytes);
            destination.put(chunk, 0, length * size);
        }
    }

    private void put(ByteBuffer bytes, int at, float weight) {
        switch (info.dtype()) {
            case F16 -> bytes.putShort(2 * at, ReducedPrecision.toFloat16(weight));
            case BF16 -> bytes.putShort(2 * at, ReducedPrecision.toBfloat16(weight));
            default -> bytes.putFloat(4 * at, weight);
        }
    }

    private void putMoved(long from, int count, ByteBuffer bytes) throws IOException {
        TensorView values = moved.values();
        if (values == null) {
            return;
        }
        int[] all = positions();
        int first = firstAtLeast(all, from);
        int last = firstAtLeast(all, from + count);
        if (first == last) {
            return;
        }
        int size = info.dtype().bytes();
        ByteBuffer elements = values.view((long) first * size, (last - first) * size);
        for (int k = first; k < last; k++) {
            bytes.put((int) (all[k] - from) * size, elements, (k - first) * size, size);
        }
    }

    private static int firstAtLeast(int[] positions, long position) {
        int found = position > Integer.MAX_VALUE ? positions.length : Arrays.binarySearch(positions, (int) position);
        return found < 0 ? -found - 1 : found;
    }
}
