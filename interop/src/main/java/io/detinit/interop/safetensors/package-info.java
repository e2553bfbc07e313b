/**
 * The safetensors format: every rule of its specification enforced on reading, and writing. Knows no other
 * format. Stable.
 */
@NullMarked
package io.detinit.interop.safetensors;

import org.jspecify.annotations.NullMarked;
