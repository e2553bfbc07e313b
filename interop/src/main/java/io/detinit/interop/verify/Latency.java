package io.detinit.interop.verify;

/**
 * The time of one run on one sample, copying the input in and the output out included.
 *
 * @param runs how many were timed
 * @param median in milliseconds
 * @param p99 the 99th percentile (nearest rank) in milliseconds
 */
public record Latency(int runs, double median, double p99) {}
