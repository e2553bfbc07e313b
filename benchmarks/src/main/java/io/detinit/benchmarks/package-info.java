/** JMH benchmarks, each with a correctness gate before the clock and a named peer in the same run. Never published. */
@NullMarked
package io.detinit.benchmarks;

import org.jspecify.annotations.NullMarked;
