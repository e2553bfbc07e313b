/**
 * The arithmetic behind the generator: the fast double path with its rounding test, double-double, and a path of any width.
 * Not for use by other modules; may change at any time. Depends on the JDK alone.
 */
@NullMarked
package io.detinit.generator.internal;

import org.jspecify.annotations.NullMarked;
