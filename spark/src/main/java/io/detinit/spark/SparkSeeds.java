package io.detinit.spark;

import io.detinit.interop.identify.SeedCandidate;
import io.detinit.interop.identify.SeedCorrelation;
import io.detinit.interop.identify.SeedEngine;
import io.detinit.interop.identify.SeedProgress;
import io.detinit.interop.identify.SeedScreens;
import io.detinit.interop.identify.SeedTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The search for a seed on a cluster: seeds are divided over tasks, and where one is found the weights. Used by the driver while the
 * checkpoint is open.
 *
 * @param context the engine
 * @param partitions how many tasks; 0 for the usual number
 */
record SparkSeeds(JavaSparkContext context, int partitions) implements SeedEngine {

    /** Seeds of a task where nobody says how many tasks there are. */
    private static final long TASK = 1L << 24;

    /** The most tasks where nobody says how many there are. */
    static final int MOST = 10_000;

    @Override
    public List<SeedCandidate> screen(SeedScreens screens, SeedProgress progress) throws IOException {
        Broadcast<SeedScreens> sent = context.broadcast(screens);
        List<List<TensorRange>> ranges =
                TensorRange.divide(List.of(screens.seeds()), parts(context, partitions, screens.seeds(), TASK));
        List<SeedCandidate> found = new ArrayList<>();
        Jobs.run(() -> context.parallelize(ranges, ranges.size())
                        .map(part -> part.isEmpty()
                                ? List.<SeedCandidate>of()
                                : sent.value()
                                        .best(part.get(0).first(), part.get(0).end()))
                        .collect())
                .forEach(found::addAll);
        sent.destroy();
        progress.tried(screens.seeds(), screens.seeds());
        return SeedScreens.best(found);
    }

    @Override
    public List<SeedCorrelation> correlate(List<SeedTensor> tensors, long seed) throws IOException {
        List<Long> chunks = tensors.stream().map(SeedCorrelation::chunks).toList();
        long elements = tensors.stream().mapToLong(SeedTensor::elements).sum();
        List<SeedSpec> specs = new ArrayList<>();
        for (SeedTensor tensor : tensors) {
            specs.add(SeedSpec.of(tensor));
        }
        SeedTasks tasks = new SeedTasks(
                context.broadcast(specs),
                seed,
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
        List<List<TensorRange>> ranges =
                TensorRange.divide(chunks, parts(context, partitions, elements, SparkAudit.TASK));
        List<List<SeedCorrelation.Part>> parts = new ArrayList<>();
        tensors.forEach(tensor -> parts.add(new ArrayList<>()));
        Jobs.run(() -> context.parallelize(ranges, ranges.size())
                        .map(tasks::correlate)
                        .collect())
                .forEach(task -> task.forEach(found -> parts.get(found.tensor()).add(found.part())));
        return parts.stream().map(SeedCorrelation::of).toList();
    }

    @Override
    public int threads() {
        return Runtime.getRuntime().availableProcessors();
    }

    /** How many tasks. */
    static int parts(JavaSparkContext context, int partitions, long things, long task) {
        return partitions > 0
                ? partitions
                : (int) Math.max(context.defaultParallelism(), Math.min(MOST, (things + task - 1) / task));
    }
}
