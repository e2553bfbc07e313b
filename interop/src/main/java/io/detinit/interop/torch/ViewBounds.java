package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;

/**
 * Checks that every element of a view lies in its storage, without overflow.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ViewBounds {

    /** Strides of 0 make many elements of few; so many are no weights of anybody's. */
    private static final long MAX_EXPANDED = 1L << 32;

    private ViewBounds() {}

    /**
     * Checks a view, whose numbers are all >= 0.
     *
     * @param view the view
     * @param file for messages
     * @param where the tensor, for messages
     * @return the view
     * @throws MalformedFileException if an element lies outside, or sizes multiply to 2^63 or more
     */
    static StorageView check(StorageView view, String file, String where) throws MalformedFileException {
        long capacity = view.storage().bytes().size() / view.dtype().bytes();
        long elements = 1;
        long last = view.offset();
        try {
            for (long size : view.sizes()) {
                elements = Math.multiplyExact(elements, size);
            }
            Math.multiplyExact(elements, (long) view.dtype().bytes());
            for (int axis = 0; axis < view.sizes().length && elements > 0; axis++) {
                last = Math.addExact(last, Math.multiplyExact(view.sizes()[axis] - 1, view.strides()[axis]));
            }
        } catch (ArithmeticException e) {
            throw MalformedFileException.of(
                    file, where, "sizes and strides whose product exceeds 2^63", "fewer elements");
        }
        if (elements > 0 && last >= capacity) {
            throw MalformedFileException.of(
                    file,
                    where,
                    "element " + last + " of storage " + view.storage().key(),
                    "one of its " + capacity);
        }
        if (elements > capacity && elements > MAX_EXPANDED) {
            throw MalformedFileException.of(
                    file, where, elements + " elements in a storage of " + capacity, "at most " + MAX_EXPANDED);
        }
        return view;
    }
}
