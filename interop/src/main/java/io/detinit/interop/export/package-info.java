/**
 * DJL Blocks as ONNX models: {@link io.detinit.interop.export.OnnxExporter}, with {@link
 * io.detinit.interop.export.BlockConverter} to add to what it knows. Needs DJL's api and, at run time, an engine that can run
 * the Block. Public types are stable. Protobuf is used here and in {@code interop.onnx}, {@code interop.regenerate} and {@code
 * interop.shrink} only; DJL here and in {@code interop.djl} and {@code interop.load} only.
 */
@NullMarked
package io.detinit.interop.export;

import org.jspecify.annotations.NullMarked;
