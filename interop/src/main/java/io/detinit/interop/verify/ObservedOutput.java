package io.detinit.interop.verify;

import java.util.List;

/**
 * What one output of one run was.
 *
 * @param name the output's name
 * @param shape its axes
 * @param floating whether it holds floating-point numbers; else integers or booleans
 * @param values its elements, row-major, as doubles; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
public record ObservedOutput(String name, List<Long> shape, boolean floating, double[] values) {}
