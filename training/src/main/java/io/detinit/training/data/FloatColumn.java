package io.detinit.training.data;

import java.util.Arrays;

/** Numbers that come one by one; memory grows with them. Not thread-safe. */
final class FloatColumn {

    private static final int LARGEST = Integer.MAX_VALUE - 8;

    private float[] values = new float[1024];
    private int size;

    /** {@return whether so many more fit into an array} */
    boolean hasRoom(int more) {
        return more <= LARGEST - size;
    }

    void add(float value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, (int) Math.min(LARGEST, 2L * size));
        }
        values[size++] = value;
    }

    int size() {
        return size;
    }

    float[] toArray() {
        return size == values.length ? values : Arrays.copyOf(values, size);
    }
}
