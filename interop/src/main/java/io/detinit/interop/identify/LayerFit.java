package io.detinit.interop.identify;

import io.detinit.generator.PlannedTensor;

/**
 * How well one tensor fits the initial values of its entry in a plan.
 *
 * @param tensor the entry: name in the file, logical shape, layer id, scheme, stored order
 * @param changed whether its layer id or its stored order differs from the plan that was given
 * @param evidence over all its weights, corrected for everything tried
 */
public record LayerFit(PlannedTensor tensor, boolean changed, SeedEvidence evidence) {}
