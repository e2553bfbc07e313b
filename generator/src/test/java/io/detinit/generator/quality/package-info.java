/**
 * Statistical quality of the words and the weights, in the orders in which they are used: a battery of tests outside the
 * build ({@link io.detinit.generator.quality.QualityBattery}) and a stream of raw words for other batteries ({@link
 * io.detinit.generator.quality.WordStream}). Results: {@code docs/quality.md}. Only the p-value functions are tested by the
 * build.
 */
package io.detinit.generator.quality;
