package io.detinit.spark;

import io.detinit.cli.report.AuditHtml;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.DividedAudit;
import io.detinit.interop.audit.PartialAudit;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** One audit on a cluster. Not thread-safe; used by the driver while the checkpoint is open. */
final class SparkAudit {

    /** Elements of a task where nobody says how many tasks there are: 64 Mi, 128 MiB of BF16. */
    static final long TASK = 1L << 26;

    /** Counts of half a MB each are added up on the executors in about this many steps. */
    private static final int LEVELS = 2;

    private final SparkSession session;
    private final JavaSparkContext context;
    private final Checkpoint checkpoint;
    private final Optional<Plan> plan;
    private final AuditOptions options;
    private final int parts;
    private DividedAudit audit;

    /**
     * Prepares an audit.
     *
     * @param session the engine
     * @param checkpoint the trained model, opened by {@link RemoteCheckpoints}
     * @param baseline what it is compared with, made for this checkpoint
     * @param plan the plan behind the baseline; empty where it is another checkpoint, opened by {@link RemoteCheckpoints}
     * @param options what to look at
     * @param parts how many tasks; 0 for one to each {@link #TASK} elements, and at least one to each core
     */
    SparkAudit(
            SparkSession session,
            Checkpoint checkpoint,
            Baseline baseline,
            Optional<Plan> plan,
            AuditOptions options,
            int parts)
            throws IOException {
        this.session = session;
        this.context = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.checkpoint = checkpoint;
        this.plan = plan;
        this.options = options;
        this.audit = DividedAudit.of(checkpoint, baseline, options);
        this.parts = parts > 0 ? parts : usual();
    }

    private int usual() {
        long elements =
                audit.tensors().stream().mapToLong(AuditedTensor::elements).sum();
        return Math.toIntExact(Math.max(context.defaultParallelism(), (elements + TASK - 1) / TASK));
    }

    private AuditTasks tasks(Set<Integer> drawn) throws IOException {
        AuditSpec spec = AuditSpec.of(checkpoint, audit, options, plan, drawn);
        return new AuditTasks(
                context.broadcast(spec),
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
    }

    /** All chunks; few pictures are left of ranges that begin and end at round numbers. */
    private JavaRDD<List<TensorRange>> ranges(boolean round) {
        return context.parallelize(TensorRange.chunks(audit.tensors(), parts, round), parts);
    }

    /** Audits everything: one pass, and two before it for each quantile. */
    AuditReport report() throws IOException {
        return report(Set.of());
    }

    /** The same with the pictures of those tensors that a page shows one by one. */
    AuditReport reportWithPictures() throws IOException {
        List<AuditedTensor> tensors = audit.tensors();
        List<Integer> numbers = IntStream.range(0, tensors.size()).boxed().toList();
        return report(Set.copyOf(
                AuditHtml.detailed(numbers, number -> tensors.get(number).elements())));
    }

    private AuditReport report(Set<Integer> drawn) throws IOException {
        AuditTasks counting = tasks(Set.of());
        audit = audit.withQuantiles(upper -> Jobs.run(
                () -> ranges(false).map(ranges -> counting.count(ranges, upper)).treeReduce(AuditTasks::sum, LEVELS)));
        AuditTasks auditing = tasks(drawn);
        List<List<PartialAudit>> found =
                Jobs.run(() -> ranges(!drawn.isEmpty()).map(auditing::audit).collect());
        List<PartialAudit> inOrder = new ArrayList<>();
        found.forEach(inOrder::addAll);
        return audit.report(inOrder);
    }

    /** The rows as a table, after {@link #report}. */
    Dataset<Row> rows() throws IOException {
        List<AuditedTensor> tensors = audit.tensors();
        long elements = tensors.stream().mapToLong(AuditedTensor::elements).sum();
        List<TensorRange> pieces = TensorRange.rows(tensors, Math.max(1, elements / parts));
        AuditTasks looking = tasks(Set.of());
        JavaRDD<Row> rows = context.parallelize(pieces, Math.max(1, Math.min(parts, pieces.size())))
                .flatMap(piece -> new RowIterator(looking, piece));
        return session.createDataFrame(rows, RowIterator.SCHEMA);
    }
}
