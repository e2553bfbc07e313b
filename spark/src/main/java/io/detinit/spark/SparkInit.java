package io.detinit.spark;

import io.detinit.interop.init.Untrained;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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

    private static final String PLAN = ".plan.json";

    private final Checkpoint template;
    private final Path source;
    private final Plan plan;
    private final OutputSet output;
    private final Configuration conf;
    private final FileSet files;

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
        this.template = template;
        this.source = source;
        this.plan = plan;
        this.output = new OutputSet(folder, conf).apartFrom(source, "the template");
        this.conf = conf;
        this.files = new FileSet(template, source, conf);
    }

    /** How many shards were there and how many were written. */
    record Written(int kept, int written) {}

    /** Writes what is missing. */
    Written run(SparkSession session, boolean force) throws IOException {
        Untrained.replacements(
                template.tensors(), plan); // a plan of another model is refused before anything is written
        String text = PlanJson.write(plan);
        boolean sidecar = !template.keepsMetadata();
        List<String> names = new ArrayList<>(files.tensors().keySet());
        if (files.isSet()) {
            names.add(0, files.last());
        } else if (sidecar) {
            names.add(0, sidecar());
        }
        byte[] besides = (text + "\n").getBytes(StandardCharsets.UTF_8);
        if (files.isFolder() && !force) {
            output.checkBeside(PLAN, besides);
        }
        output.claim(names, "init", content(text), force);
        List<ShardTask> tasks = new ArrayList<>();
        for (String name : output.missing(List.copyOf(files.tensors().keySet()))) {
            tasks.add(new ShardTask(
                    files.copy(name, output.path(name), sidecar ? Map.of() : Map.of(Checkpoint.PLAN_KEY, text)),
                    List.copyOf(files.tensors().getOrDefault(name, List.of()))));
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
        if (files.isFolder()) {
            output.placeBeside(PLAN, besides);
        } else if (sidecar && !files.isSet()) {
            output.place(sidecar(), besides);
        }
        files.complete(output, Map.of(Checkpoint.PLAN_KEY, text));
        output.finish();
        return new Written(files.tensors().size() - tasks.size(), tasks.size());
    }

    /** The plan beside a file that cannot carry it. */
    private String sidecar() {
        return source.getName() + PLAN;
    }

    /** What the files follow from: the same plan for the same tensors in the same shards. */
    private List<String> content(String text) {
        List<String> content = new ArrayList<>(List.of(text, files.tensors().toString()));
        for (TensorView tensor : template.tensors()) {
            TensorInfo info = tensor.info();
            content.add(info.name() + " " + info.dtype() + " " + info.shape());
        }
        return content;
    }
}
