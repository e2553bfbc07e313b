package io.detinit.interop.shrink;

/**
 * A place that has to follow when units are removed.
 *
 * @param kind what it is
 * @param node the node
 * @param slot which input of the node, from 0
 * @param axis the axis of that input along which the units lie; of a {@link Kind#TARGET} the index of the length in it
 * @param units the unit of each index
 * @param input what the node of a {@link Kind#READ} reads, else empty
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record Edit(Kind kind, GraphNode node, int slot, int axis, int[] units, String input) {

    /** What follows. */
    enum Kind {
        /** Weights that make units. */
        MAKE,
        /** Parameters that each unit has on its way: biases, scales, depthwise weights. */
        CARRY,
        /** Weights that read units. */
        READ,
        /** The shape that a Reshape makes. */
        TARGET,
        /** The groups of a depthwise convolution. */
        GROUPS
    }
}
