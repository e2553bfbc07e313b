package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * Writes one file of initial weights, whole or not at all: under a name of its own, then to its place. What the plan does not name is
 * copied from the template.
 *
 * @param file the template's file and the one to appear
 * @param placed the tensors that are in this file
 */
record ShardTask(FileCopy file, List<String> placed) implements Serializable {

    /** Writes the file unless it is there. */
    void run(String plan, Configuration conf) throws IOException {
        if (!file.isThere(conf)) {
            file.write(conf, (opened, turns) -> initial(opened, PlanJson.read(plan, "the plan")));
        }
    }

    private Map<String, TensorView> initial(Checkpoint opened, Plan plan) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, StoredOrder> orders = new HashMap<>();
        Set<String> own = new HashSet<>(placed);
        plan.entries().stream().filter(entry -> own.contains(entry.name())).forEach(entry -> {
            names.put(entry.name(), entry.name());
            orders.put(entry.name(), entry.stored());
        });
        return Untrained.replacements(opened.tensors(), plan.forFile(names, orders));
    }
}
