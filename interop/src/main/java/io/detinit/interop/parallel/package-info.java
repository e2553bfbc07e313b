/** Numbered work over a fixed number of threads, with results in order. Depends on nothing. Stable. */
@NullMarked
package io.detinit.interop.parallel;

import org.jspecify.annotations.NullMarked;
