package io.detinit.spark;

import io.detinit.interop.identify.SeedCorrelation;
import io.detinit.interop.identify.SeedTensor;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What executors do once a seed is found: they compare all weights with its initial values, range by range.
 *
 * @param tensors the tensors
 * @param seed the seed
 * @param conf the settings of the file systems
 */
record SeedTasks(Broadcast<List<SeedSpec>> tensors, long seed, Broadcast<SerializableConfiguration> conf)
        implements Serializable {

    /** What was found in a range. */
    record Found(int tensor, SeedCorrelation.Part part) implements Serializable {}

    /** Compares the ranges of a task, one after the other. */
    List<Found> correlate(List<TensorRange> ranges) throws IOException {
        List<Found> found = new ArrayList<>();
        if (ranges.isEmpty()) {
            return found;
        }
        SeedCorrelation.Reader reader = new SeedCorrelation.Reader();
        try (OpenFiles files = new OpenFiles(conf.value().value())) {
            for (TensorRange range : ranges) {
                SeedSpec spec = tensors.value().get(range.tensor());
                SeedTensor tensor = spec.open(files, range.end() * SeedCorrelation.CHUNK);
                found.add(new Found(
                        range.tensor(), SeedCorrelation.part(reader, tensor, seed, range.first(), range.end())));
            }
        }
        return found;
    }
}
