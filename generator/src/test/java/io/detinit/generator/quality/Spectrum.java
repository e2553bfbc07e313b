package io.detinit.generator.quality;

/**
 * What is looked at of the eigenvalues of X X^T, X of n rows and m >= n columns.
 *
 * @param distance the KS distance of the eigenvalues of X X^T / m from Marchenko and Pastur (1967)
 * @param largest the largest eigenvalue as a Tracy-Widom variate: centred and scaled after Johnstone (2001), with the
 *     halves of Ma (2012)
 * @param smallest ln of the smallest eigenvalue
 * @param logDeterminant the sum of the logarithms
 */
record Spectrum(double distance, double largest, double smallest, double logDeterminant) {

    /** The 5 % and 95 % points of the Tracy-Widom distribution of order 1 (Johnstone 2001, table 1). */
    static final double TRACY_WIDOM_LOW = -3.18;

    static final double TRACY_WIDOM_HIGH = 0.98;

    /**
     * Of eigenvalues.
     *
     * @param eigenvalues of X X^T, ascending
     * @param m columns of X
     */
    static Spectrum of(double[] eigenvalues, MarchenkoPastur law, int m) {
        int n = eigenvalues.length;
        double distance = 0;
        double logarithms = 0;
        for (int k = 0; k < n; k++) {
            double cdf = law.cdf(eigenvalues[k] / m);
            distance = Math.max(distance, Math.max(cdf - (double) k / n, (k + 1.0) / n - cdf));
            logarithms += Math.log(Math.max(eigenvalues[k], 1e-300));
        }
        double a = Math.sqrt(n - 0.5);
        double b = Math.sqrt(m - 0.5);
        double largest = (eigenvalues[n - 1] - (a + b) * (a + b)) / ((a + b) * Math.cbrt(1 / a + 1 / b));
        return new Spectrum(distance, largest, Math.log(Math.max(eigenvalues[0], 1e-300)), logarithms);
    }

    /** The four as an array. */
    double[] values() {
        return new double[] {distance, largest, smallest, logDeterminant};
    }

    /** {@return their names} */
    static String[] names() {
        return new String[] {"distance from Marchenko-Pastur", "largest", "smallest", "log determinant"};
    }
}
