package io.detinit.spark;

import io.detinit.interop.mask.GroupCounts;
import io.detinit.interop.mask.GroupRequest;
import io.detinit.interop.mask.RangeRanker;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.TieCounts;
import io.detinit.interop.tensor.Checkpoint;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

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
        try (Opened tensors = new Opened()) {
            for (TensorRange range : ranges) {
                RankedTensor tensor = tensors.get(range.tensor(), range.end() * RankedTensor.CHUNK);
                ranker.count(tensor, range.first(), range.end(), request(requests, range), counts);
            }
        }
        return counts;
    }

    /** Counts weights with the keys of cuts. */
    List<TieCounts> ties(List<TensorRange> ranges, List<GroupRequest> requests) throws IOException {
        List<TieCounts> counts = new ArrayList<>();
        RangeRanker ranker = new RangeRanker(spec.value().selection());
        try (Opened tensors = new Opened()) {
            for (TensorRange range : ranges) {
                RankedTensor tensor = tensors.get(range.tensor(), Long.MAX_VALUE / Long.SIZE);
                long key = request(requests, range).at();
                counts.add(ranker.ties(range.tensor(), tensor, range.first(), range.end(), key));
            }
        }
        return counts;
    }

    private static GroupRequest request(List<GroupRequest> requests, TensorRange range) {
        return requests.stream()
                .filter(one -> one.has(range.tensor()))
                .findFirst()
                .orElseThrow();
    }

    /** The tensors of a task, one after the other; the file of the last one is open. */
    private final class Opened implements Closeable {

        private String file = "";
        private @Nullable Checkpoint open;

        RankedTensor get(int number, long end) throws IOException {
            WeightSpec tensor = spec.value().tensors().get(number);
            Checkpoint checkpoint = open;
            if (checkpoint == null || !file.equals(tensor.file())) {
                close();
                checkpoint = RemoteCheckpoints.open(new Path(tensor.file()), settings());
                open = checkpoint;
                file = tensor.file();
            }
            return tensor.open(checkpoint, end);
        }

        @Override
        public void close() throws IOException {
            if (open != null) {
                open.close();
                open = null;
            }
        }
    }
}
