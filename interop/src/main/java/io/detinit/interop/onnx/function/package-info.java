/**
 * The generator in ONNX: functions of standard operators that compute initial weights. For this project's own packages; the bodies
 * are part of the files that hold them.
 */
@NullMarked
package io.detinit.interop.onnx.function;

import org.jspecify.annotations.NullMarked;
