package io.detinit.generator.quality;

/**
 * What one test says.
 *
 * @param family the table it belongs to: words, avalanche, weights, tensors, spectrum or all
 * @param order the order or object that was tested
 * @param test the test's name
 * @param statistic its statistic
 * @param p its p-value, two-sided unless the statistic is a distance
 */
record Result(String family, String order, String test, double statistic, double p) {

    /** A result by a standard normal statistic. */
    static Result normal(String family, String order, String test, double z) {
        return new Result(family, order, test, z, Distributions.normalP(z));
    }

    /** A result by a chi-square statistic. */
    static Result chiSquare(String family, String order, String test, double statistic, double degrees) {
        return new Result(family, order, test, statistic, Distributions.chiSquareP(statistic, degrees));
    }
}
