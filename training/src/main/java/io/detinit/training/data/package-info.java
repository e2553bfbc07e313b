/**
 * Labelled image sets: the real MNIST files, DJL's download of them, and an embedded set drawn by our own code; and the order in
 * which an epoch visits its samples. Stable.
 */
@NullMarked
package io.detinit.training.data;

import org.jspecify.annotations.NullMarked;
