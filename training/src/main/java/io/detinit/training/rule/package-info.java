/** What training does with the seed in every step: masks, sleep, pull towards the initial weights. Stable. */
@NullMarked
package io.detinit.training.rule;

import org.jspecify.annotations.NullMarked;
