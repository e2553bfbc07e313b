package io.detinit.interop.tensor;

import java.io.Serializable;

/**
 * How stored elements differ from little-endian values: byte order and signs.
 *
 * @param bigEndian whether numbers of more than a byte lie high byte first
 * @param conjugate whether imaginary parts are stored with the other sign
 * @param negative whether values are stored with the other sign
 */
public record ElementForm(boolean bigEndian, boolean conjugate, boolean negative) implements Serializable {

    /** Little-endian values. */
    public static final ElementForm PLAIN = new ElementForm(false, false, false);

    /**
     * Whether stored elements are little-endian values.
     *
     * @param dtype their type
     * @return whether there is nothing to turn
     */
    public boolean isPlain(DType dtype) {
        return !conjugate && !negative && !(bigEndian && dtype.bytes() > 1);
    }

    /**
     * From stored elements to values.
     *
     * @param dtype their type
     * @param elements whole ones, in place
     */
    public void toValues(DType dtype, byte[] elements) {
        swap(dtype, elements);
        negate(dtype, elements);
    }

    /**
     * From values to stored elements.
     *
     * @param dtype their type
     * @param elements whole ones, in place
     */
    public void toStorage(DType dtype, byte[] elements) {
        negate(dtype, elements);
        swap(dtype, elements);
    }

    /** The bytes of a real number, or of one part of a complex one. */
    private static int partBytes(DType dtype) {
        return dtype.name().startsWith("C") ? dtype.bytes() / 2 : dtype.bytes();
    }

    private void swap(DType dtype, byte[] elements) {
        int part = partBytes(dtype);
        if (bigEndian && part > 1) {
            for (int at = 0; at < elements.length; at += part) {
                reverse(elements, at, at + part - 1);
            }
        }
    }

    private void negate(DType dtype, byte[] elements) {
        int part = partBytes(dtype);
        if (negative) {
            negate(elements, 0, part, part);
        }
        if (conjugate) {
            negate(elements, part, dtype.bytes(), part);
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
