package io.detinit.interop.shrink;

/**
 * How two models were shown to compute the same.
 *
 * @param randomSamples random samples on which all outputs were compared
 * @param calibrationSamples calibration samples on which the first floating-point output was compared
 * @param maxAbsDifference the largest difference of two outputs
 * @param maxRelativeDifference the largest difference as a fraction of the largest output of the run
 * @param tolerance what was accepted of the latter
 */
public record Proof(
        int randomSamples,
        int calibrationSamples,
        double maxAbsDifference,
        double maxRelativeDifference,
        double tolerance) {}
