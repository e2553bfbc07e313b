package io.detinit.interop.shrink;

/**
 * Which units lie along one axis of a value.
 *
 * @param axis the axis, from 0
 * @param units the unit of each index; a unit may stand there several times, as after Flatten
 * @param constant whether the value has the same number at that index whatever the input is
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record Layout(int axis, int[] units, boolean[] constant) {

    int size() {
        return units.length;
    }

    /** The same units where nothing is known to be constant. */
    Layout varying() {
        return new Layout(axis, units, new boolean[units.length]);
    }

    Layout at(int otherAxis) {
        return new Layout(otherAxis, units, constant);
    }
}
