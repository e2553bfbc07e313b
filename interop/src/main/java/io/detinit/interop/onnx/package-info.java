/**
 * ONNX model files: their graph initializers as tensors, and copies with some of them replaced. One of the two packages that
 * see protobuf. Stable.
 */
@NullMarked
package io.detinit.interop.onnx;

import org.jspecify.annotations.NullMarked;
