package io.detinit.spark;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.torch.DistributedCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Deltas unpacked by executors, one task each. The index comes last; a second run completes what is missing. Used by the driver.
 *
 * @param session the engine
 * @param conf the settings of the file systems
 * @param force whether the files of another run are replaced
 */
record SparkUnpack(SparkSession session, Configuration conf, boolean force) {

    private static final String PLAN = ".plan.json";

    /**
     * Unpacks what is missing.
     *
     * @param input the folder of the deltas
     * @param target the folder to fill
     * @param named the checkpoint of which a copy is written, if any
     * @return the JSON
     */
    ObjectNode unpack(String input, String target, Optional<String> named) throws IOException {
        Path given = new Path(input);
        Path folder = given.makeQualified(
                given.getFileSystem(conf).getUri(), given.getFileSystem(conf).getWorkingDirectory());
        DeltaSet set = DeltaSet.read(folder, conf);
        OutputSet output =
                new OutputSet(new Path(target), conf).apartFrom(new Path(folder, DeltaSet.MANIFEST), "the deltas");
        if (named.isPresent()) {
            Path file = RemoteCheckpoints.resolve(new Path(named.get()), conf);
            try (Checkpoint opened = RemoteCheckpoints.open(file, conf)) {
                if (opened instanceof DistributedCheckpoint) {
                    List<Path> deltas = set.shards().stream()
                            .map(shard -> new Path(folder, shard.delta()))
                            .toList();
                    FolderUnpack work = new FolderUnpack(opened, file, deltas, conf);
                    return intoFolder(work, set, deltas, output.apartFrom(file, "the template"))
                            .json(input, target, set, opened.format());
                }
            }
        }
        Optional<DeltaTemplate> template =
                named.isPresent() ? Optional.of(DeltaTemplate.of(named.get(), set, conf)) : Optional.empty();
        template.ifPresent(taken -> output.apartFrom(taken.file(), "the template"));
        List<String> files = new ArrayList<>();
        List<UnpackTask> work = new ArrayList<>();
        List<String> content = new ArrayList<>(List.of(new String(set.write(), StandardCharsets.UTF_8)));
        for (DeltaSet.Shard shard : set.shards()) {
            Path delta = new Path(folder, shard.delta());
            Optional<Path> copied = template.map(taken -> taken.shard(shard.file()));
            String file = copied.map(Path::getName).orElse(shard.file());
            files.add(file);
            content.add(SelectOutput.identity(delta, conf));
            content.add(copied.isPresent() ? SelectOutput.identity(copied.get(), conf) : "");
            work.add(new UnpackTask(
                    delta.toString(),
                    shard.file(),
                    output.path(file).toString(),
                    copied.map(Path::toString).orElse("")));
        }
        String index = template.map(DeltaTemplate::index).orElse(set.index());
        String last = index.isEmpty() ? files.get(0) + PLAN : index;
        List<String> names = new ArrayList<>(files);
        names.add(0, last);
        output.claim(names, "delta-unpacked", content, force);
        int missing = output.missing(files).size();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        Broadcast<SerializableConfiguration> settings = context.broadcast(new SerializableConfiguration(conf));
        List<UnpackTask.Unpacked> unpacked = Jobs.run(() -> context.parallelize(work, work.size())
                .map(task -> task.run(settings.value().value()))
                .collect());
        DeltaUnpacker.Unpacked how = least(unpacked);
        boolean sidecar = index.isEmpty() && !how.keepsMetadata();
        if (!index.isEmpty()) {
            String text = template.map(DeltaTemplate::text).orElse(set.text());
            output.place(index, text.getBytes(StandardCharsets.UTF_8));
        } else if (sidecar) {
            output.place(last, plan(new Path(folder, set.shards().get(0).delta())));
        }
        output.finish();
        ObjectNode json = DeltaReportJson.unpacked(
                input,
                set.shards().stream().mapToLong(DeltaSet.Shard::bytes).sum(),
                target,
                unpacked.stream().mapToLong(UnpackTask.Unpacked::bytes).sum(),
                how,
                unpacked.stream().map(UnpackTask.Unpacked::contents).toList());
        if (sidecar) {
            json.put("planFile", HadoopBytes.name(output.path(last)));
        }
        json.putObject("shards").put("written", missing).put("found", work.size() - missing);
        return json;
    }

    /** What was written into a folder. */
    private record Written(
            List<DeltaReportJson.Contents> contents, long bytes, String planFile, int written, int found) {

        ObjectNode json(String input, String target, DeltaSet set, String format) {
            ObjectNode json = DeltaReportJson.unpacked(
                    input,
                    set.shards().stream().mapToLong(DeltaSet.Shard::bytes).sum(),
                    target,
                    bytes,
                    new DeltaUnpacker.Unpacked(format, DeltaUnpacker.Container.TEMPLATE, false),
                    contents);
            json.put("planFile", planFile);
            json.putObject("shards").put("written", written).put("found", found);
            return json;
        }
    }

    /** Into a copy of a folder of torch.distributed.checkpoint, one task a file of it, the metadata last. */
    private Written intoFolder(FolderUnpack unpack, DeltaSet set, List<Path> deltas, OutputSet output)
            throws IOException {
        FileSet files = unpack.files();
        List<String> content = new ArrayList<>(List.of(new String(set.write(), StandardCharsets.UTF_8)));
        List<Path> sources = new ArrayList<>(deltas);
        sources.addAll(files.paths());
        for (Path source : sources) {
            content.add(SelectOutput.identity(source, conf));
        }
        List<String> names = new ArrayList<>(files.tensors().keySet());
        names.add(0, files.last());
        byte[] plan = unpack.plan(set);
        if (!force) {
            output.checkBeside(PLAN, plan);
        }
        output.claim(names, "delta-unpacked", content, force);
        List<FolderUnpack.Task> work = new ArrayList<>();
        for (String name : output.missing(List.copyOf(files.tensors().keySet()))) {
            work.add(unpack.task(name, output.path(name)));
        }
        if (!work.isEmpty()) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
            Broadcast<SerializableConfiguration> settings = context.broadcast(new SerializableConfiguration(conf));
            Jobs.run(() -> {
                context.parallelize(work, work.size())
                        .foreach(task -> task.run(settings.value().value()));
                return 0;
            });
        }
        String planFile = output.placeBeside(PLAN, plan);
        files.complete(output, Map.of());
        output.finish();
        long bytes = 0;
        for (String name : names) {
            bytes += output.path(name)
                    .getFileSystem(conf)
                    .getFileStatus(output.path(name))
                    .getLen();
        }
        int found = files.tensors().size() - work.size();
        return new Written(unpack.contents(), bytes, planFile, work.size(), found);
    }

    /** What is said of all shards: where one has lost its container, that. */
    private static DeltaUnpacker.Unpacked least(List<UnpackTask.Unpacked> unpacked) {
        return unpacked.stream()
                .map(UnpackTask.Unpacked::how)
                .filter(how -> how.container() == DeltaUnpacker.Container.STATE_DICT)
                .findFirst()
                .orElse(unpacked.get(0).how());
    }

    /** The plan beside a file that cannot carry it. */
    private byte[] plan(Path delta) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(delta, conf);
                DeltaFile file = DeltaFile.open(bytes, RemoteCheckpoints.local(delta), bytes)) {
            return (PlanJson.write(file.plan()) + "\n").getBytes(StandardCharsets.UTF_8);
        }
    }
}
