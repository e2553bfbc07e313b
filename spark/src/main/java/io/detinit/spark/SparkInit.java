package io.detinit.spark;

import io.detinit.interop.init.Untrained;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
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

    /** The file that says what a folder is being filled with. */
    static final String RECORD = "_detinit-init.json";

    private final Checkpoint template;
    private final Path source;
    private final Plan plan;
    private final Path folder;
    private final Configuration conf;
    private final FileSystem system;
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
        if (!template.format().startsWith("safetensors")) {
            throw new IllegalArgumentException(HadoopBytes.name(source) + " is " + template.format()
                    + "; this job writes safetensors and takes a template of that format alone");
        }
        this.template = template;
        this.source = source;
        this.plan = plan;
        this.system = folder.getFileSystem(conf);
        this.folder = folder.makeQualified(system.getUri(), system.getWorkingDirectory());
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
        if (this.folder.equals(source.getParent())) {
            throw new IllegalArgumentException(
                    HadoopBytes.name(this.folder) + " is the folder of the template; name another one");
        }
    }

    /** How many shards were there and how many were written. */
    record Written(int kept, int written) {}

    /** Writes what is missing. */
    Written run(SparkSession session, boolean force) throws IOException {
        Untrained.replacements(
                template.tensors(), plan); // a plan of another model is refused before anything is written
        String text = PlanJson.write(plan);
        claim(record(text), force);
        List<ShardTask> tasks = new ArrayList<>();
        boolean set = template instanceof ShardedCheckpoint;
        for (Map.Entry<String, List<String>> shard : shards.entrySet()) {
            Path target = new Path(folder, shard.getKey());
            if (!system.exists(target)) {
                String from = new Path(source.getParent(), shard.getKey()).toString();
                tasks.add(new ShardTask(
                        from,
                        target.toString(),
                        List.copyOf(shard.getValue()),
                        set ? Map.of() : Map.of(Checkpoint.PLAN_KEY, text)));
            }
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
            place(new Path(folder, source.getName()), sharded.index(Map.of(Checkpoint.PLAN_KEY, text)));
        }
        system.delete(ShardTask.temporaries(folder), true);
        system.delete(new Path(folder, RECORD), false);
        return new Written(shards.size() - tasks.size(), tasks.size());
    }

    /** Makes the folder ours: new, or begun by a run that wrote the same. */
    private void claim(String record, boolean force) throws IOException {
        Path file = new Path(folder, RECORD);
        boolean begun = system.exists(file) && read(file).equals(record);
        boolean empty = !system.exists(folder) || system.listStatus(folder).length == 0;
        if (begun || empty) {
            if (empty) {
                system.mkdirs(folder);
                place(file, record.getBytes(StandardCharsets.UTF_8));
            }
            return;
        }
        if (!force) {
            throw new FileAlreadyExistsException(
                    HadoopBytes.name(folder),
                    null,
                    "is not empty, and no unfinished run of these weights is in it; --force replaces the files that are written");
        }
        List<String> names = new ArrayList<>(shards.keySet());
        names.add(0, source.getName()); // the index first: no half of two sets looks whole
        for (String name : names) {
            system.delete(new Path(folder, name), false);
        }
        place(file, record.getBytes(StandardCharsets.UTF_8));
    }

    private String read(Path file) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(file, conf)) {
            return new String(bytes.readAll(1 << 16), StandardCharsets.UTF_8);
        }
    }

    /** A small file, whole or not at all. */
    private void place(Path file, byte[] content) throws IOException {
        Path temporary = new Path(ShardTask.temporaries(folder), file.getName());
        try (OutputStream out = system.create(temporary, true)) {
            out.write(content);
        }
        system.delete(file, false);
        if (!system.rename(temporary, file)) {
            throw new IOException(HadoopBytes.name(file) + ": could not be moved to its place");
        }
    }

    /** What is written: the same plan for the same tensors in the same shards. */
    private String record(String text) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update(shards.toString().getBytes(StandardCharsets.UTF_8));
        for (TensorView tensor : template.tensors()) {
            TensorInfo info = tensor.info();
            digest.update((info.name() + info.dtype() + info.shape()).getBytes(StandardCharsets.UTF_8));
        }
        return "{\"format\":\"detinit-init/1\",\"sha256\":\"" + HexFormat.of().formatHex(digest.digest()) + "\"}\n";
    }
}
