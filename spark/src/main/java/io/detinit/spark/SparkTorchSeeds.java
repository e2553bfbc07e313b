package io.detinit.spark;

import io.detinit.interop.identify.TorchEngine;
import io.detinit.interop.identify.TorchPart;
import io.detinit.interop.identify.TorchScan;
import io.detinit.interop.identify.TorchSearch;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * The search for a seed of PyTorch on a cluster: batches of seeds are divided over tasks, each of which ends with its first batch that has a
 * proof.
 *
 * @param context the engine
 * @param partitions how many tasks; 0 for the usual number
 */
record SparkTorchSeeds(JavaSparkContext context, int partitions) implements TorchEngine {

    /** Batches of a task where nobody says how many tasks there are. */
    private static final long TASK = 1 << 10;

    @Override
    public TorchPart scan(TorchScan scan, long from, long to, TorchSearch.Progress progress) throws IOException {
        Broadcast<TorchScan> sent = context.broadcast(scan);
        List<List<TensorRange>> ranges = TensorRange.divide(
                List.of(scan.batches()), SparkSeeds.parts(context, partitions, scan.batches(), TASK));
        List<TorchPart> found = Jobs.run(() -> context.parallelize(ranges, ranges.size())
                .flatMap(part -> part.isEmpty()
                        ? List.<TorchPart>of().iterator()
                        : List.of(sent.value()
                                        .scan(part.get(0).first(), part.get(0).end(), from, to))
                                .iterator())
                .collect());
        sent.destroy();
        progress.tried(scan.seeds(), scan.seeds());
        return TorchPart.first(found);
    }
}
