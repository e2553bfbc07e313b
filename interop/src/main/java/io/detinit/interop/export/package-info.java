/**
 * DJL blocks as ONNX models. With {@code interop.djl} the only package that sees DJL, with {@code interop.onnx} the only one
 * that sees protobuf. Stable.
 */
@NullMarked
package io.detinit.interop.export;

import org.jspecify.annotations.NullMarked;
