/**
 * The kernel for CPUs with wide vectors: the only package that uses {@code jdk.incubator.vector}.
 *
 * <p>Nothing refers to it by type: {@link io.detinit.generator.internal.Kernels} loads it by name, and only where the JVM was
 * started with {@code --add-modules jdk.incubator.vector}.
 */
@NullMarked
package io.detinit.generator.internal.vector;

import org.jspecify.annotations.NullMarked;
