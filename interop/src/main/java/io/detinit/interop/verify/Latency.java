package io.detinit.interop.verify;

/**
 * How long one sample takes, measured after a warm-up.
 *
 * @param runs how many runs were measured
 * @param medianMs the median in milliseconds
 * @param p99Ms the 99th percentile in milliseconds
 */
public record Latency(int runs, double medianMs, double p99Ms) {}
