/**
 * Do two models agree, and how good, fast and large is one: tensors bit for bit, outputs within a tolerance on data or on random
 * inputs, accuracy, loss and latency through ONNX Runtime, bytes on disk. Depends on {@code interop.file}, {@code interop.tensor},
 * {@code interop.onnx}, {@code interop.parameter} and ONNX Runtime. Public types are stable.
 */
@NullMarked
package io.detinit.interop.verify;

import org.jspecify.annotations.NullMarked;
