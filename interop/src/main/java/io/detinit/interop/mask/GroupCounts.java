package io.detinit.interop.mask;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * Histograms of rank keys, one for each group of tensors that something was counted of: 1 MiB for upper bits, 512 KiB for lower ones.
 * Sums do not depend on the order. Not thread-safe.
 */
public final class GroupCounts implements Serializable {

    private static final long serialVersionUID = 1L;

    private final TreeMap<Integer, ScoreHistogram> histograms = new TreeMap<>();

    /** Nothing counted yet. */
    public GroupCounts() {}

    /** {@return each group's counts by themselves} */
    public Map<Integer, GroupCounts> byGroup() {
        Map<Integer, GroupCounts> all = new TreeMap<>();
        histograms.forEach((group, histogram) -> {
            GroupCounts one = new GroupCounts();
            one.histograms.put(group, histogram);
            all.put(group, one);
        });
        return all;
    }

    ScoreHistogram of(GroupRequest request) {
        return histograms.computeIfAbsent(
                request.group(),
                g -> request.at() < 0 ? ScoreHistogram.upper() : ScoreHistogram.lower((int) request.at()));
    }

    /**
     * Adds other counts of the same requests.
     *
     * @param other not to be used afterwards
     * @return this
     */
    public GroupCounts plus(GroupCounts other) {
        for (Map.Entry<Integer, ScoreHistogram> entry : other.histograms.entrySet()) {
            ScoreHistogram own = histograms.putIfAbsent(entry.getKey(), entry.getValue());
            if (own != null) {
                own.merge(entry.getValue());
            }
        }
        return this;
    }
}
