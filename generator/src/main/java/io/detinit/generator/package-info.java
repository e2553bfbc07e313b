/**
 * Integers to weights: every initial weight is a pure function of (seed, layer, i, j).
 *
 * <p>{@link io.detinit.generator.TensorInit} is one tensor of initial weights, {@link io.detinit.generator.InitPlan} the
 * initial state of a whole model. The algorithm {@value io.detinit.generator.InitPlan#ALGORITHM} is written down in
 * {@code docs/generator.md}; its final bits are the contract: any change of one output bit is a new algorithm id.
 *
 * <p>Depends on the JDK alone. Everything public here is stable, and all but DeltaSums is immutable and safe for use by many
 * threads.
 */
@NullMarked
package io.detinit.generator;

import org.jspecify.annotations.NullMarked;
