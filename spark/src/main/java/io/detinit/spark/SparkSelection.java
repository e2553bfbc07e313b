package io.detinit.spark;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.DividedSelection;
import io.detinit.interop.mask.GroupCounts;
import io.detinit.interop.mask.GroupRequest;
import io.detinit.interop.mask.RankedTensor;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.TieCounts;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/** One selection on a cluster. Not thread-safe; used by the driver while the checkpoint is open. */
final class SparkSelection implements DividedSelection.Passes {

    /** Histograms are added up on the executors in about this many steps. */
    private static final int LEVELS = 2;

    private final JavaSparkContext context;
    private final @Nullable DividedSelection divided;
    private final List<RankedTensor> tensors;
    private final SelectTasks tasks;
    private final List<WeightSpec> specs = new ArrayList<>();
    private final int parts;

    /**
     * Prepares a selection.
     *
     * @param session the engine
     * @param checkpoint the trained model, open
     * @param plan the plan of its initial weights; empty where they are in a file, or are not looked at
     * @param baseline the initial weights, for this checkpoint
     * @param selection what to prune
     * @param parts how many tasks; 0 for one to each {@link SparkAudit#TASK} elements, and at least one to each core
     */
    static SparkSelection of(
            SparkSession session,
            Checkpoint checkpoint,
            Optional<Plan> plan,
            Baseline baseline,
            Selection selection,
            int parts)
            throws IOException {
        DividedSelection divided = DividedSelection.of(checkpoint.tensors(), baseline, selection);
        return new SparkSelection(session, plan, selection, divided.tensors(), divided, parts);
    }

    /** Tensors for which there are masks, so that nothing is ranked. */
    static SparkSelection given(SparkSession session, Optional<Plan> plan, List<RankedTensor> tensors)
            throws IOException {
        Selection none = new Selection(Criterion.MOVEMENT, new Selection.AtMost(0), Selection.Scope.GLOBAL);
        return new SparkSelection(session, plan, none, tensors, null, 1);
    }

    private SparkSelection(
            SparkSession session,
            Optional<Plan> plan,
            Selection selection,
            List<RankedTensor> tensors,
            @Nullable DividedSelection divided,
            int parts)
            throws IOException {
        this.context = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.divided = divided;
        this.tensors = tensors;
        for (RankedTensor tensor : tensors) {
            specs.add(WeightSpec.of(tensor, plan));
        }
        this.tasks = new SelectTasks(
                context.broadcast(new SelectTasks.Spec(selection, List.copyOf(specs))),
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
        this.parts = parts > 0 ? parts : usual();
    }

    private int usual() {
        long elements = tensors.stream().mapToLong(RankedTensor::elements).sum();
        return Math.toIntExact(
                Math.max(context.defaultParallelism(), (elements + SparkAudit.TASK - 1) / SparkAudit.TASK));
    }

    /** The prunable tensors in file order. */
    List<RankedTensor> tensors() {
        return tensors;
    }

    /** Where each prunable tensor lies, in the order of the selection. */
    List<WeightSpec> specs() {
        return specs;
    }

    SelectTasks tasks() {
        return tasks;
    }

    /** Where the rankings are cut. */
    DividedSelection.Outcome cut() throws IOException {
        return Objects.requireNonNull(divided, "masks are given").cut(this);
    }

    /** All chunks of the tensors that are asked for. */
    private JavaRDD<List<TensorRange>> ranges(List<GroupRequest> requests) {
        List<Long> counts = new ArrayList<>();
        for (int tensor = 0; tensor < tensors.size(); tensor++) {
            int number = tensor;
            boolean asked = requests.stream().anyMatch(request -> request.has(number));
            counts.add(asked ? tensors.get(tensor).chunks() : 0L);
        }
        double asked = counts.stream().mapToLong(Long::longValue).sum();
        double all = tensors.stream().mapToLong(RankedTensor::chunks).sum();
        int share = (int) Math.max(1, Math.ceil(parts * (asked / Math.max(1, all))));
        List<List<TensorRange>> ranges = TensorRange.divide(counts, share).stream()
                .filter(own -> !own.isEmpty())
                .toList();
        return context.parallelize(ranges, ranges.size());
    }

    /** Counts the weights of each tensor that are kept, for files that are not written from front to back. */
    List<Long> kept(SelectedShard.Plan plan) throws IOException {
        SelectTasks counting = tasks;
        List<Long> counts = tensors.stream().map(RankedTensor::chunks).toList();
        List<List<TensorRange>> ranges = TensorRange.divide(counts, parts).stream()
                .filter(own -> !own.isEmpty())
                .toList();
        var sent = context.broadcast(plan);
        List<Map<Integer, Long>> found = Jobs.run(() -> context.parallelize(ranges, ranges.size())
                .map(own -> counting.kept(own, sent.value()))
                .collect());
        long[] kept = new long[tensors.size()];
        found.forEach(some -> some.forEach((tensor, count) -> kept[tensor] += count));
        return Arrays.stream(kept).boxed().toList();
    }

    @Override
    public GroupCounts count(List<GroupRequest> requests) throws IOException {
        SelectTasks counting = tasks;
        List<GroupRequest> sent = List.copyOf(requests);
        return Jobs.run(() -> {
            JavaRDD<GroupCounts> parts = ranges(sent).map(ranges -> counting.count(ranges, sent));
            if (sent.size() == 1) {
                return parts.treeReduce(GroupCounts::plus, LEVELS);
            }
            // each group is added up by one task, so that one histogram of each comes back
            GroupCounts all = new GroupCounts();
            parts.flatMapToPair(SparkSelection::byGroup)
                    .reduceByKey(GroupCounts::plus)
                    .values()
                    .collect()
                    .forEach(all::plus);
            return all;
        });
    }

    private static Iterator<Tuple2<Integer, GroupCounts>> byGroup(GroupCounts counts) {
        return counts.byGroup().entrySet().stream()
                .map(entry -> new Tuple2<>(entry.getKey(), entry.getValue()))
                .iterator();
    }

    @Override
    public List<TieCounts> ties(List<GroupRequest> requests) throws IOException {
        SelectTasks counting = tasks;
        List<GroupRequest> sent = List.copyOf(requests);
        List<List<TieCounts>> found = Jobs.run(
                () -> ranges(sent).map(ranges -> counting.ties(ranges, sent)).collect());
        List<TieCounts> inOrder = new ArrayList<>();
        found.forEach(inOrder::addAll);
        return inOrder;
    }
}
