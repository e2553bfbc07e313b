package io.detinit.spark;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.GroupCounts;
import io.detinit.interop.mask.GroupRequest;
import io.detinit.interop.mask.MaskBits;
import io.detinit.interop.mask.RangeRanker;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.TieCounts;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What executors do for a selection: they read ranges of tensors and send back counts.
 *
 * @param spec the selection
 * @param conf the settings of the file systems
 */
record SelectTasks(Broadcast<Spec> spec, Broadcast<SerializableConfiguration> conf) implements Serializable {

    /**
     * A whole selection as executors see it.
     *
     * @param selection what is pruned
     * @param tensors the prunable tensors in order
     */
    record Spec(Selection selection, List<WeightSpec> tensors) implements Serializable {}

    Configuration settings() {
        return conf.value().value();
    }

    /** Counts for histograms. */
    GroupCounts count(List<TensorRange> ranges, List<GroupRequest> requests) throws IOException {
        GroupCounts counts = new GroupCounts();
        RangeRanker ranker = new RangeRanker(spec.value().selection());
        try (OpenFiles files = new OpenFiles(settings())) {
            for (TensorRange range : ranges) {
                WeightSpec weights = spec.value().tensors().get(range.tensor());
                RankedTensor tensor = weights.open(files, range.end() * RankedTensor.CHUNK);
                ranker.count(tensor, range.first(), range.end(), request(requests, range), counts);
            }
        }
        return counts;
    }

    /** Counts weights with the keys of cuts. */
    List<TieCounts> ties(List<TensorRange> ranges, List<GroupRequest> requests) throws IOException {
        List<TieCounts> counts = new ArrayList<>();
        RangeRanker ranker = new RangeRanker(spec.value().selection());
        try (OpenFiles files = new OpenFiles(settings())) {
            for (TensorRange range : ranges) {
                WeightSpec weights = spec.value().tensors().get(range.tensor());
                RankedTensor tensor = weights.logical(files, range.end() * RankedTensor.CHUNK);
                long key = request(requests, range).at();
                counts.add(ranker.ties(range.tensor(), tensor, range.first(), range.end(), key));
            }
        }
        return counts;
    }

    /** Counts weights that are kept. */
    Map<Integer, Long> kept(List<TensorRange> ranges, SelectedShard.Plan plan) throws IOException {
        Map<Integer, Long> kept = new HashMap<>();
        long[] words = new long[RankedTensor.CHUNK / Long.SIZE];
        try (OpenFiles files = new OpenFiles(settings());
                OpenMasks given = new OpenMasks(settings())) {
            for (TensorRange range : ranges) {
                TensorShape shape = spec.value()
                        .tensors()
                        .get(range.tensor())
                        .stored()
                        .info()
                        .shape();
                long end = Math.min(shape.elements(), range.end() * RankedTensor.CHUNK);
                MaskBits mask = SelectedShard.mask(files, given, this, plan, range.tensor(), end);
                for (long chunk = range.first(); chunk < range.end(); chunk++) {
                    long from = chunk * RankedTensor.CHUNK;
                    int count = (int) Math.min(RankedTensor.CHUNK, end - from);
                    kept.merge(range.tensor(), mask.read(from, count, words), Long::sum);
                }
            }
        }
        return kept;
    }

    private static GroupRequest request(List<GroupRequest> requests, TensorRange range) {
        return requests.stream()
                .filter(one -> one.has(range.tensor()))
                .findFirst()
                .orElseThrow();
    }
}
