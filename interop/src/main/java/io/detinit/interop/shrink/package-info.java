/**
 * Dead units and dead inputs of ONNX models: certificates of what can go without a change of the outputs, the rewritten smaller
 * model, and the proof that both compute the same. Public types are new and may change; depends on {@code onnx}, {@code verify}, {@code audit}, {@code mask}
 * and the formats' common ground, and is one of the three packages that may use protobuf.
 */
@NullMarked
package io.detinit.interop.shrink;

import org.jspecify.annotations.NullMarked;
