/**
 * DJL Blocks as ONNX models: {@link io.detinit.interop.export.OnnxExporter}, with {@link
 * io.detinit.interop.export.BlockConverter} to add to what it knows. Needs DJL's api and, at run time, an engine that can run
 * the Block. Public types are stable. This package, {@code interop.onnx} and {@code interop.regenerate} are the only ones that may use protobuf; this one
 * and {@code interop.djl} the only ones that may use DJL.
 */
@NullMarked
package io.detinit.interop.export;

import org.jspecify.annotations.NullMarked;
