package io.detinit.spark;

import io.detinit.interop.init.Untrained;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.DistributedCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A checkpoint of initial weights, written by executors shard by shard. A record says what is being written, so that a second run
 * completes what is missing; the index is written last. Not thread-safe.
 */
final class SparkInit {

    private final Checkpoint template;
    private final Path source;
    private final Plan plan;
    private final OutputSet output;
    private final Configuration conf;
    private final Map<String, List<String>> shards = new LinkedHashMap<>();

    /**
     * Prepares the job.
     *
     * @param template open
     * @param source where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param plan the initial values
     * @param folder the folder to fill
     * @param conf the settings of the file systems
     */
    SparkInit(Checkpoint template, Path source, Plan plan, Path folder, Configuration conf) throws IOException {
        if (template instanceof DistributedCheckpoint) {
            throw new IllegalArgumentException(HadoopBytes.name(source) + " is " + template.format()
                    + "; this job takes safetensors and PyTorch files and sets of them");
        }
        this.template = template;
        this.source = source;
        this.plan = plan;
        this.output = new OutputSet(folder, conf).apartFrom(source, "the template");
        this.conf = conf;
        if (template instanceof ShardedCheckpoint set) {
            set.weightMap()
                    .forEach((tensor, shard) -> shards.computeIfAbsent(shard, s -> new ArrayList<>())
                            .add(tensor));
        } else {
            shards.put(
                    source.getName(),
                    template.tensors().stream()
                            .map(tensor -> tensor.info().name())
                            .toList());
        }
    }

    /** How many shards were there and how many were written. */
    record Written(int kept, int written) {}

    /** Writes what is missing. */
    Written run(SparkSession session, boolean force) throws IOException {
        Untrained.replacements(
                template.tensors(), plan); // a plan of another model is refused before anything is written
        String text = PlanJson.write(plan);
        boolean set = template instanceof ShardedCheckpoint;
        List<String> names = new ArrayList<>(shards.keySet());
        boolean sidecar = !set && !template.keepsMetadata();
        if (set || sidecar) {
            names.add(0, set ? source.getName() : sidecar());
        }
        output.claim(names, "init", content(text), force);
        List<ShardTask> tasks = new ArrayList<>();
        for (String name : output.missing(List.copyOf(shards.keySet()))) {
            tasks.add(new ShardTask(
                    new Path(source.getParent(), name).toString(),
                    output.path(name).toString(),
                    List.copyOf(shards.getOrDefault(name, List.of())),
                    set || sidecar ? Map.of() : Map.of(Checkpoint.PLAN_KEY, text)));
        }
        if (!tasks.isEmpty()) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
            Broadcast<String> sent = context.broadcast(text);
            Broadcast<SerializableConfiguration> settings = context.broadcast(new SerializableConfiguration(conf));
            Jobs.run(() -> {
                context.parallelize(tasks, tasks.size())
                        .foreach(task -> task.run(sent.value(), settings.value().value()));
                return 0;
            });
        }
        if (template instanceof ShardedCheckpoint sharded) {
            output.place(source.getName(), sharded.index(Map.of(Checkpoint.PLAN_KEY, text)));
        }
        if (sidecar) {
            output.place(sidecar(), text.getBytes(StandardCharsets.UTF_8));
        }
        output.finish();
        return new Written(shards.size() - tasks.size(), tasks.size());
    }

    /** The plan beside a file that cannot carry it. */
    private String sidecar() {
        return source.getName() + ".plan.json";
    }

    /** What the files follow from: the same plan for the same tensors in the same shards. */
    private List<String> content(String text) {
        List<String> content = new ArrayList<>(List.of(text, shards.toString()));
        for (TensorView tensor : template.tensors()) {
            TensorInfo info = tensor.info();
            content.add(info.name() + " " + info.dtype() + " " + info.shape());
        }
        return content;
    }
}
