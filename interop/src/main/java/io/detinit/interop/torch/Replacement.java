package io.detinit.interop.torch;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * New elements for a tensor that is a view of a storage, written into the bytes of that storage piece by piece. Not safe for use by
 * several threads.
 */
final class Replacement {

    /** A view whose elements do not lie together is held whole up to this size; above it, elements are read one by one. */
    private static final long MAX_HELD = 1L << 28;

    private final String name;
    private final StorageView view;
    private final TensorView tensor;
    private final int size;
    private final int[] axes;
    private byte[] held = {};

    /**
     * A replacement.
     *
     * @param name the tensor's name, for messages
     * @param view where its elements lie; no two of them in one place
     * @param tensor the new elements
     */
    Replacement(String name, StorageView view, TensorView tensor) {
        this.name = name;
        this.view = view;
        this.tensor = tensor;
        this.size = view.dtype().bytes();
        this.axes = view.axesByStride();
    }

    String name() {
        return name;
    }

    StorageView view() {
        return view;
    }

    TensorView tensor() {
        return tensor;
    }

    /**
     * Overwrites what belongs to the tensor in a piece of its storage.
     *
     * @param from the piece's first byte, a multiple of 16
     * @param piece its bytes, in place
     * @throws IOException if the new elements cannot be read
     */
    void apply(long from, byte[] piece) throws IOException {
        long first = Math.max(view.offset() * size, from);
        long end = Math.min(view.end() * size, from + piece.length);
        if (first >= end) {
            return;
        }
        if (view.contiguous()) {
            byte[] elements = new byte[(int) (end - first)];
            tensor.readBytes(first - view.offset() * size, ByteBuffer.wrap(elements));
            view.form().toStorage(view.dtype(), elements);
            System.arraycopy(elements, 0, piece, (int) (first - from), elements.length);
        } else {
            scatter(first / size, end / size, from, piece);
        }
    }

    private void scatter(long firstElement, long endElement, long from, byte[] piece) throws IOException {
        hold();
        byte[] one = new byte[size];
        for (long at = firstElement; at < endElement; at++) {
            long index = index(at - view.offset());
            if (index >= 0) {
                if (held.length > 0) {
                    System.arraycopy(held, (int) (index * size), one, 0, size);
                } else {
                    tensor.readBytes(index * size, ByteBuffer.wrap(one));
                }
                view.form().toStorage(view.dtype(), one);
                System.arraycopy(one, 0, piece, (int) (at * size - from), size);
            }
        }
    }

    private void hold() throws IOException {
        long bytes = tensor.info().bytes();
        if (held.length == 0 && bytes <= MAX_HELD) {
            held = new byte[(int) bytes];
            tensor.readBytes(0, ByteBuffer.wrap(held));
        }
    }

    /** The row-major index of the element at a distance from the view's first one; -1 where there is none of this tensor. */
    private long index(long distance) {
        long rest = distance;
        long[] position = new long[view.sizes().length];
        for (int axis : axes) {
            position[axis] = rest / view.strides()[axis];
            rest %= view.strides()[axis];
            if (position[axis] >= view.sizes()[axis]) {
                return -1;
            }
        }
        if (rest != 0) {
            return -1;
        }
        long index = 0;
        for (int axis = 0; axis < position.length; axis++) {
            index = index * view.sizes()[axis] + position[axis];
        }
        return index;
    }
}
