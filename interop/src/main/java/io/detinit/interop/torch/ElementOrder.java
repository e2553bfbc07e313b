package io.detinit.interop.torch;

/**
 * Between elements as a storage holds them and little-endian values: byte order and signs.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ElementOrder {

    private ElementOrder() {}

    /**
     * From a storage to values.
     *
     * @param view says what has to be turned
     * @param elements whole ones, in place
     */
    static void toValues(StorageView view, byte[] elements) {
        swap(view, elements);
        negate(view, elements);
    }

    /**
     * From values to a storage.
     *
     * @param view says what has to be turned
     * @param elements whole ones, in place
     */
    static void toStorage(StorageView view, byte[] elements) {
        negate(view, elements);
        swap(view, elements);
    }

    /** The bytes of a real number, or of one part of a complex one. */
    private static int partBytes(StorageView view) {
        int size = view.dtype().bytes();
        return view.dtype().name().startsWith("C") ? size / 2 : size;
    }

    private static void swap(StorageView view, byte[] elements) {
        int part = partBytes(view);
        if (view.storage().bigEndian() && part > 1) {
            for (int at = 0; at < elements.length; at += part) {
                reverse(elements, at, at + part - 1);
            }
        }
    }

    private static void negate(StorageView view, byte[] elements) {
        int size = view.dtype().bytes();
        int part = partBytes(view);
        if (view.negative()) {
            negate(elements, 0, part, part);
        }
        if (view.conjugate()) {
            negate(elements, part, size, part);
        }
    }

    private static void reverse(byte[] bytes, int from, int to) {
        for (int low = from, high = to; low < high; low++, high--) {
            byte swapped = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = swapped;
        }
    }

    /** Turns the sign of floating-point parts: little-endian, the sign is the top bit of the last byte. */
    private static void negate(byte[] elements, int from, int step, int part) {
        for (int at = from; at < elements.length; at += step) {
            elements[at + part - 1] ^= (byte) 0x80;
        }
    }
}
