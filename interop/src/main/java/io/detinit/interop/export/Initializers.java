package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The parameters that an export meets, each under its name, in the order in which they are met. Not thread-safe. */
final class Initializers {

    private final Function<Parameter, String> names;
    private final Set<String> reserved;
    private final IdentityHashMap<Parameter, String> known = new IdentityHashMap<>();
    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private @Nullable DataType type;

    Initializers(Function<Parameter, String> names, Set<String> reserved) {
        this.names = names;
        this.reserved = new TreeSet<>(reserved);
    }

    /** The type of the first parameter of a Block, which is that of the model; float32 where it has none. */
    static DataType typeOf(Block block) {
        for (Pair<String, Parameter> pair : block.getParameters()) {
            if (pair.getValue().isInitialized()) {
                return pair.getValue().getArray().getDataType();
            }
        }
        return DataType.FLOAT32;
    }

    /** The name of a parameter, checked when it is first met. */
    String add(Parameter parameter, String place) {
        String before = known.get(parameter);
        if (before != null) {
            return before;
        }
        String label = label(parameter, place);
        String name = names.apply(parameter);
        if (name == null || name.isEmpty()) {
            throw new IllegalArgumentException(label + ": no name was given for it");
        }
        if (reserved.contains(name) || byName.containsKey(name)) {
            throw new IllegalArgumentException(label + ": the name '" + name
                    + "' is taken; names must be unique, those of inputs and outputs (" + String.join(", ", reserved)
                    + ") are reserved");
        }
        check(parameter, label);
        known.put(parameter, name);
        byName.put(name, parameter);
        return name;
    }

    private void check(Parameter parameter, String label) {
        if (!parameter.isInitialized()) {
            throw new IllegalArgumentException(label + ": is not initialised; call block.initialize first");
        }
        NDArray array = parameter.getArray();
        DataType found = array.getDataType();
        if (found != DataType.FLOAT32 && found != DataType.FLOAT16) {
            throw new IllegalArgumentException(
                    label + ": its dtype is " + found + "; only float32 and float16 are exported");
        }
        DataType before = type;
        if (before != null && before != found) {
            throw new IllegalArgumentException(
                    label + ": its dtype is " + found + ", that of those before it " + before + "; convert one");
        }
        type = found;
    }

    static String label(Parameter parameter, String place) {
        return UnsupportedBlockException.label(place) + ", parameter '" + parameter.getName() + "'";
    }

    Map<String, Parameter> byName() {
        return byName;
    }

    static long bytes(NDArray array) {
        return Math.multiplyExact(array.size(), (long) array.getDataType().getNumOfBytes());
    }
}
