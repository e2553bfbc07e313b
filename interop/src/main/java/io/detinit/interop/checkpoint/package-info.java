/**
 * Opens any supported file by its content, never by its name, and finds the plan it carries. Stable.
 */
@NullMarked
package io.detinit.interop.checkpoint;

import org.jspecify.annotations.NullMarked;
