package io.detinit.interop.mask;

import java.util.List;

/**
 * How far two masks of one tensor agree, beside what chance alone gives.
 *
 * @param name the tensor's name
 * @param elements how many weights it has
 * @param keptInFirst how many the first mask keeps
 * @param keptInSecond how many the second mask keeps
 * @param keptInBoth how many both keep
 * @param keptInBothByChance how many both would keep in the mean if each kept as many at random, independently of the other
 */
public record MaskOverlap(
        String name, long elements, long keptInFirst, long keptInSecond, long keptInBoth, double keptInBothByChance) {

    /**
     * Compares two masks.
     *
     * @param name the tensor's name
     * @param first a mask
     * @param second a mask of the same shape
     * @return the counts
     * @throws IllegalArgumentException if the shapes differ
     */
    public static MaskOverlap of(String name, Mask first, Mask second) {
        long both = first.keptInBoth(second);
        long a = first.kept();
        long b = second.kept();
        double chance = first.size() == 0 ? 0 : (double) a / first.size() * b;
        return new MaskOverlap(name, first.size(), a, b, both, chance);
    }

    /**
     * All tensors together.
     *
     * @param tensors the tensors
     * @return the sums; chance keeps the density of each tensor
     */
    public static MaskOverlap total(List<MaskOverlap> tensors) {
        return new MaskOverlap(
                "total",
                tensors.stream().mapToLong(MaskOverlap::elements).sum(),
                tensors.stream().mapToLong(MaskOverlap::keptInFirst).sum(),
                tensors.stream().mapToLong(MaskOverlap::keptInSecond).sum(),
                tensors.stream().mapToLong(MaskOverlap::keptInBoth).sum(),
                tensors.stream().mapToDouble(MaskOverlap::keptInBothByChance).sum());
    }

    /** {@return the Jaccard index of the kept weights, both / either, in [0, 1]; 1 where neither keeps any} */
    public double jaccard() {
        return ratio((double) keptInBoth, (double) keptInFirst + keptInSecond - keptInBoth);
    }

    /** {@return the Jaccard index of the pruned weights, in [0, 1]; 1 where neither prunes any} */
    public double jaccardOfPruned() {
        long inBoth = elements - (keptInFirst + keptInSecond - keptInBoth);
        return ratio((double) inBoth, (double) (elements - keptInBoth));
    }

    /** {@return the Jaccard index of the kept weights that the mean overlap by chance gives} */
    public double jaccardByChance() {
        return ratio(keptInBothByChance, keptInFirst + keptInSecond - keptInBothByChance);
    }

    private static double ratio(double common, double either) {
        return either == 0 ? 1 : common / either;
    }
}
