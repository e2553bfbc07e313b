package io.detinit.interop.djl;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Names for the parameters of a {@code .params} file. The file has each parameter's name within its block and no block's name, so
 * the kind of block is told from its record and its parameters, and numbered: {@code fc1.weight}, {@code bn2.gamma}. For a flat
 * sequence of DJL's layers these are the names that {@code io.detinit.models.ParameterNames} gives the live block; deeper trees are
 * numbered through, since their nesting is not in the file.
 *
 * <p>Not safe for use by several threads.
 */
final class DjlNames {

    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private final List<DjlParameter> block = new ArrayList<>();
    private final Set<String> taken = new HashSet<>();
    private BlockRecord record = BlockRecord.PLAIN;
    private boolean root;

    /**
     * Takes the next parameter.
     *
     * @param gap what lies before it
     * @param parameter the parameter
     */
    void add(BlockGap gap, DjlParameter parameter) {
        boolean first = names.isEmpty() && block.isEmpty();
        if (first || !gap.records().isEmpty() || !taken.add(parameter.name())) {
            finishBlock();
            taken.add(parameter.name());
            int last = gap.records().size() - 1;
            record = last < 0 ? BlockRecord.PLAIN : gap.records().get(last);
            root = first && last <= 0; // the outermost block's own
        }
        block.add(parameter);
    }

    /** {@return the names of all parameters in order, each once} */
    List<String> names() {
        finishBlock();
        return List.copyOf(names);
    }

    private void finishBlock() {
        if (!block.isEmpty()) {
            String kind = kind();
            String prefix = root ? "" : kind + numbers.merge(kind, 1, Integer::sum) + ".";
            block.forEach(parameter -> names.add(prefix + parameter.name()));
        }
        block.clear();
        taken.clear();
    }

    private String kind() {
        if (record == BlockRecord.LINEAR_LIKE && taken.contains("bias")) {
            return "linearcollection";
        }
        if (record != BlockRecord.PLAIN) {
            return record.kind();
        }
        if (taken.contains("alpha") && taken.size() == 1) {
            return "prelu";
        }
        boolean kernel =
                block.get(0).name().equals("weight") && block.get(0).shape().rank() >= 3;
        return kernel ? "conv" : record.kind();
    }
}
