package io.detinit.interop.verify;

/**
 * One output of two models.
 *
 * @param first its name in the first model
 * @param second its name in the second one
 * @param type its element type in the first model, such as FLOAT or INT64
 * @param comparison what was found; integers are compared exactly, so their tolerance is 0
 */
public record NamedComparison(String first, String second, String type, OutputComparison comparison) {}
