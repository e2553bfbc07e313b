package io.detinit.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.delta.DeltaReportJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Shards packed by executors, one task each. The manifest comes last; a second run completes what is
 * missing. Used by the driver.
 *
 * @param session the engine
 * @param conf the settings of the file systems
 * @param force whether the files of another run are replaced
 */
record SparkDelta(SparkSession session, Configuration conf, boolean force) {

    /**
     * A checkpoint that is packed.
     *
     * @param checkpoint open
     * @param source where it lies, as {@link RemoteCheckpoints#resolve} gives it
     * @param layout what goes into which delta
     * @param input what the user called it
     * @param output where the deltas go
     */
    record Packing(Checkpoint checkpoint, Path source, DeltaLayout layout, String input, String output) {

        /** What is opened for a shard. */
        Path file(String shard) {
            return layout.parts() ? source : new Path(source.getParent(), shard);
        }

        /** A file that is read. */
        private Path input(String shard) {
            return layout.parts() ? new Path(source, ".metadata") : file(shard);
        }
    }

    /** Works out what is pruned, after the folder was found to be ours. */
    @FunctionalInterface
    interface Choice {
        DeltaShard.How choose() throws IOException;
    }

    /**
     * Packs what is missing.
     *
     * @param packing what is packed
     * @param what all that the deltas follow from beside the model
     * @param prunable the numbers of the prunable tensors of each shard
     * @param choice how it is packed
     * @return the JSON
     */
    ObjectNode pack(Packing packing, List<String> what, Map<String, List<Integer>> prunable, Choice choice)
            throws IOException {
        DeltaLayout layout = packing.layout();
        Map<String, List<String>> shards = layout.shards();
        OutputSet output = new OutputSet(new Path(packing.output()), conf);
        shards.keySet().forEach(shard -> output.apartFrom(packing.input(shard), "the model"));
        List<String> deltas = DeltaSet.deltasOf(shards.keySet());
        List<String> names = new ArrayList<>(deltas);
        names.add(0, DeltaSet.MANIFEST);
        output.claim(names, "delta", content(packing, shards, what), force);
        int missing = output.missing(deltas).size();
        List<DeltaShard> work = new ArrayList<>();
        shards.forEach((shard, tensors) -> work.add(new DeltaShard(
                packing.file(shard).toString(),
                output.path(deltas.get(work.size())).toString(),
                List.copyOf(tensors),
                List.copyOf(prunable.getOrDefault(shard, List.of())),
                layout.parts() ? layout.part(shard, packing.checkpoint()) : null)));
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        Broadcast<DeltaShard.How> how = context.broadcast(choice.choose());
        Broadcast<SerializableConfiguration> settings = context.broadcast(new SerializableConfiguration(conf));
        List<String> packed = Jobs.run(() -> context.parallelize(work, work.size())
                .map(shard -> shard.pack(how.value(), settings.value().value()))
                .collect());
        List<JsonNode> files = new ArrayList<>();
        List<DeltaSet.Shard> entries = new ArrayList<>();
        for (String shard : shards.keySet()) {
            int k = files.size();
            JsonNode file = new JsonMapper().readTree(packed.get(k));
            files.add(file);
            entries.add(new DeltaSet.Shard(
                    deltas.get(k), shard, file.path("bytes").path("after").asLong()));
        }
        DeltaSet set = new DeltaSet(layout.index(), layout.text(), entries);
        output.place(DeltaSet.MANIFEST, set.write());
        output.finish();
        ObjectNode json = DeltaReportJson.sum(
                packing.input(), packing.output(), packing.checkpoint().format(), files);
        if (layout.parts()) {
            ArrayNode notes = json.withArray("notes");
            notes.add("packed as safetensors: 'unpack' gives back the tensors of the folder, not its files");
            packing.checkpoint().warnings().forEach(notes::add);
        }
        json.putObject("shards").put("written", missing).put("found", work.size() - missing);
        return json;
    }

    static String text(Path file, Configuration conf) throws IOException {
        try (HadoopBytes bytes = HadoopBytes.open(file, conf)) {
            return new String(
                    bytes.readAll(Math.toIntExact(Math.min(Integer.MAX_VALUE, bytes.size()))), StandardCharsets.UTF_8);
        }
    }

    private List<String> content(Packing packing, Map<String, List<String>> shards, List<String> what)
            throws IOException {
        List<String> content = new ArrayList<>(what);
        content.add(shards.toString());
        for (TensorView tensor : packing.checkpoint().tensors()) {
            TensorInfo info = tensor.info();
            content.add(info.name() + " " + info.dtype() + " " + info.shape());
        }
        Set<Path> files = new LinkedHashSet<>();
        shards.keySet().forEach(shard -> files.add(packing.file(shard)));
        for (Path file : files) {
            content.add(SelectOutput.identity(file, conf));
        }
        return content;
    }
}
