/** Probabilities that verdicts rest on. Depends on nothing. Stable. */
@NullMarked
package io.detinit.interop.statistics;

import org.jspecify.annotations.NullMarked;
