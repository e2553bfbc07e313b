package io.detinit.interop.shrink;

/**
 * A node that makes units.
 *
 * @param node the Gemm, MatMul or Conv
 * @param weight the name of its weights
 * @param units the units that it makes, in order
 */
@SuppressWarnings("ArrayRecordComponent") // internal, never compared
record Layer(GraphNode node, String weight, int[] units) {}
