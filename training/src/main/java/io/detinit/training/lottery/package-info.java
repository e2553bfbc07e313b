/**
 * Lottery tickets (Frankle and Carbin 2019): train, prune some of the remaining weights, rewind those that are left, train again. Stable.
 */
@NullMarked
package io.detinit.training.lottery;

import org.jspecify.annotations.NullMarked;
