/**
 * DJL Blocks as ONNX models: {@link io.detinit.interop.export.OnnxExporter}. Needs DJL's api and, at run time, whatever engine
 * holds the Block's arrays. Public types are stable. This package and {@code interop.onnx} are the only ones that may use
 * protobuf; this one and {@code interop.djl} the only ones that may use DJL.
 */
@NullMarked
package io.detinit.interop.export;

import org.jspecify.annotations.NullMarked;
