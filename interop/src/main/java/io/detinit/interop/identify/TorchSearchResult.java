package io.detinit.interop.identify;

import java.util.Optional;

/**
 * What a search for a seed found.
 *
 * @param best the seed; empty where nothing fits better than chance would
 * @param seeds how many seeds were tried
 * @param hypotheses how many places were tried: seeds, positions and layouts multiplied
 * @param strongest the highest z of all, whether it means anything or not; 0 if there was nothing to try
 */
public record TorchSearchResult(Optional<TorchHit> best, long seeds, double hypotheses, double strongest) {}
