package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes one shard of initial weights, whole or not at all: under a name of its own, then to its place. What the plan does not name is
 * copied from the template.
 *
 * @param template the template's shard, as Hadoop names it
 * @param target the shard to appear
 * @param placed the tensors that the index places in this shard
 * @param metadata entries to add to its metadata
 */
record ShardTask(String template, String target, List<String> placed, Map<String, String> metadata)
        implements Serializable {

    /** Writes the shard unless it is there. */
    void run(String plan, Configuration conf) throws IOException {
        Path file = new Path(target);
        if (file.getFileSystem(conf).exists(file)) {
            return;
        }
        try (Checkpoint shard = RemoteCheckpoints.open(new Path(template), conf)) {
            Map<String, TensorView> initial = initial(shard, PlanJson.read(plan, "the plan"));
            OutputSet.write(file, conf, out -> {
                if (shard.format().startsWith("safetensors")) {
                    SafetensorsWriter.write(out, tensors(shard, initial), merged(shard));
                } else {
                    LocalDisk.write(file.getName(), out, local -> shard.rewrite(local, initial, metadata));
                }
            });
        }
    }

    private Map<String, TensorView> initial(Checkpoint shard, Plan plan) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, StoredOrder> orders = new HashMap<>();
        Set<String> own = new HashSet<>(placed);
        plan.entries().stream().filter(entry -> own.contains(entry.name())).forEach(entry -> {
            names.put(entry.name(), entry.name());
            orders.put(entry.name(), entry.stored());
        });
        return Untrained.replacements(shard.tensors(), plan.forFile(names, orders));
    }

    private static List<TensorView> tensors(Checkpoint shard, Map<String, TensorView> initial) {
        List<TensorView> tensors = new ArrayList<>();
        for (TensorView tensor : shard.tensors()) {
            tensors.add(initial.getOrDefault(tensor.info().name(), tensor));
        }
        return tensors;
    }

    private Map<String, String> merged(Checkpoint shard) {
        Map<String, String> merged = new LinkedHashMap<>(shard.metadata());
        merged.putAll(metadata);
        return merged;
    }
}
