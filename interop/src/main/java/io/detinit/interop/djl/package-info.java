/**
 * DJL's side: its {@code .params} files, and the parameters of live blocks as tensors to audit. The file reader needs no engine and
 * no block; only the live side sees DJL's classes (beside interop.export, the only package that does). Knows no other format. Stable.
 */
@NullMarked
package io.detinit.interop.djl;

import org.jspecify.annotations.NullMarked;
