package io.detinit.interop.prune;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What a pruning came to, as the JSON of the command line. Stateless. */
public final class PruneJson {

    private PruneJson() {}

    /**
     * The sparsity and the tensors.
     *
     * @param object receives them
     * @param tensors what was pruned
     */
    public static void put(ObjectNode object, List<PruneReport.PrunedEntry> tensors) {
        long prunable =
                tensors.stream().mapToLong(PruneReport.PrunedEntry::elements).sum();
        long kept = tensors.stream().mapToLong(PruneReport.PrunedEntry::kept).sum();
        object.put("sparsity", prunable == 0 ? 0 : (double) (prunable - kept) / prunable);
        ArrayNode array = object.putArray("tensors");
        for (PruneReport.PrunedEntry tensor : tensors) {
            array.addObject()
                    .put("name", tensor.name())
                    .put("elements", tensor.elements())
                    .put("kept", tensor.kept());
        }
    }

    /**
     * What the checkpoint takes on disk.
     *
     * @param object receives it
     * @param before the input
     * @param after the output
     */
    public static void putBytes(ObjectNode object, long before, long after) {
        object.putObject("bytes").put("before", before).put("after", after);
    }

    /**
     * No accuracy was measured.
     *
     * @param object receives that
     */
    public static void putNoAccuracy(ObjectNode object) {
        object.putObject("accuracy").putNull("before").putNull("after");
    }
}
