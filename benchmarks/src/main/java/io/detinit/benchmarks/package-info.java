/** Placeholder text replaced below. */
@NullMarked
package io.detinit.benchmarks;

import org.jspecify.annotations.NullMarked;
