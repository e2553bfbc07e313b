/**
 * Labelled data sets: the embedded digits, the original files of MNIST, Fashion-MNIST and CIFAR-10 or DJL's copies of them, the user's
 * own tables (CSV) and arrays (NPZ); how raw values become features; and the order in which an epoch visits its samples. Stable.
 */
@NullMarked
package io.detinit.training.data;

import org.jspecify.annotations.NullMarked;
