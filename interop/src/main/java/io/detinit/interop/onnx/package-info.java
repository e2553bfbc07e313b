/**
 * ONNX model files as checkpoints: initializers, sparse ones and Constant nodes, of the graph, of bodies and functions, inside the
 * file or in data files beside it, read where they lie; what the graph does with each; and copies of the model with some of
 * them replaced.
 *
 * <p>A model is read as what it is on disk, a protobuf message (<a
 * href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>; <a
 * href="https://protobuf.dev/programming-guides/encoding/">wire format</a>): only the few fields that are needed are
 * decoded, everything else keeps its bytes, its order and its unknown fields. Public types are stable; depends on
 * {@code interop.file}, {@code interop.tensor} and the generator. This package, {@code interop.export} and
 * {@code interop.shrink} are the only ones that may use protobuf.
 */
@NullMarked
package io.detinit.interop.onnx;

import org.jspecify.annotations.NullMarked;
