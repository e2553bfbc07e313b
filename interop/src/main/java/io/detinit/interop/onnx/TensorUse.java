package io.detinit.interop.onnx;

/**
 * How a tensor is used, and how sure that is.
 *
 * @param use the node that consumes it
 * @param modulePath the module that the node came from, empty where nothing says it
 * @param certainty 0 for a node that only hands it on, 1 for another node, 2 for one whose weight it is
 */
record TensorUse(WeightUse use, String modulePath, int certainty) {}
