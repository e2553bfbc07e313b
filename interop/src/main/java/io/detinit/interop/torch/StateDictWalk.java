package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.torch.pickle.PickleValue;
import io.detinit.interop.torch.pickle.PickleValue.Call;
import io.detinit.interop.torch.pickle.PickleValue.Dict;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Walks a pickle's value and names every tensor in it: keys of dicts and positions in lists joined with dots, of pickled modules
 * the names of their state dict. The order is the pickle's.
 *
 * <p>Not safe for use by several threads.
 */
final class StateDictWalk {

    private static final int MAX_DEPTH = 200;
    private static final int MAX_VISITS = 1 << 22;
    private static final String SPARSE = "torch._utils._rebuild_sparse_tensor";

    private final String file;
    private final Rebuild rebuild;
    private final Map<String, NamedTensor> tensors = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private int visits;

    /**
     * A tensor and its name.
     *
     * @param name the name
     * @param tensor the tensor
     * @param hint what the place says of it; empty where its name has to
     */
    record NamedTensor(String name, FoundTensor tensor, Optional<Kind> hint) {}

    private StateDictWalk(String file, Rebuild rebuild) {
        this.file = file;
        this.rebuild = rebuild;
    }

    /** What was found. */
    record Result(List<NamedTensor> tensors, List<String> warnings) {}

    /**
     * Walks a value.
     *
     * @param file for messages
     * @param root the pickle's value
     * @param rebuild knows the tensors
     * @return the tensors in order
     */
    static Result walk(String file, Object root, Rebuild rebuild) throws IOException {
        StateDictWalk walk = new StateDictWalk(file, rebuild);
        walk.visit(root, "", Optional.empty(), 0);
        return new Result(List.copyOf(walk.tensors.values()), walk.warnings);
    }

    private void visit(Object value, String name, Optional<Kind> hint, int depth) throws IOException {
        if (++visits > MAX_VISITS) {
            throw malformed(name, "more than " + MAX_VISITS + " values, shared ones counted each time", "fewer");
        }
        if (!(value instanceof Items) && !(value instanceof Call)) {
            return;
        }
        if (depth > MAX_DEPTH) {
            throw malformed(name, "containers nested more than " + MAX_DEPTH + " deep, or within themselves", "fewer");
        }
        String label = name.isEmpty() ? "tensor" : name;
        Optional<FoundTensor> tensor = rebuild.tensor(value, label);
        if (tensor.isPresent()) {
            add(label, tensor.get(), hint);
        } else if (value instanceof Dict dict) {
            entries(dict, name, hint, depth);
        } else if (value instanceof Items items) {
            items(items.items(), name, hint, depth);
        } else if (value instanceof Call call) {
            call(call, name, hint, depth);
        }
    }

    private void add(String name, FoundTensor tensor, Optional<Kind> hint) {
        String unique = name;
        for (int number = 2; tensors.containsKey(unique); number++) {
            unique = name + "#" + number;
        }
        if (!unique.equals(name)) {
            warnings.add("two tensors are called '" + name + "'; the second is listed as '" + unique + "'");
        }
        if (!tensor.note().isEmpty()) {
            warnings.add("tensor '" + unique + "' is " + tensor.note() + " are listed");
        }
        Optional<Kind> kind = !tensor.note().isEmpty()
                ? Optional.of(Kind.OTHER)
                : hint.isEmpty() && tensor.parameter() ? Optional.of(Kind.PARAMETER) : hint;
        tensors.put(unique, new NamedTensor(unique, tensor, kind));
    }

    private void items(List<Object> items, String name, Optional<Kind> hint, int depth) throws IOException {
        for (int k = 0; k < items.size(); k++) {
            visit(items.get(k), TensorPath.join(file, name, Integer.toString(k)), hint, depth + 1);
        }
    }

    private void entries(Dict dict, String name, Optional<Kind> hint, int depth) throws IOException {
        boolean optimizer =
                dict.find("state").isPresent() && dict.find("param_groups").isPresent();
        Optional<Kind> inside = optimizer ? Optional.of(Kind.OPTIMIZER) : hint;
        // A key that is set twice keeps its first place and its last value, as in Python
        Map<Object, Object> last = new LinkedHashMap<>();
        for (int k = 0; k + 1 < dict.size(); k += 2) {
            last.put(dict.items().get(k), dict.items().get(k + 1));
        }
        for (Map.Entry<Object, Object> entry : last.entrySet()) {
            String key = key(entry.getKey());
            boolean state = name.isEmpty() && (key.startsWith("optim") || key.equals("optimizer_states"));
            visit(
                    entry.getValue(),
                    TensorPath.join(file, name, key),
                    state ? Optional.of(Kind.OPTIMIZER) : inside,
                    depth + 1);
        }
    }

    private void call(Call call, String name, Optional<Kind> hint, int depth) throws IOException {
        if (call.path().equals(SPARSE)) {
            sparse(call, name, hint, depth);
            return;
        }
        Object state = call.state().orElse(PickleValue.None.NONE);
        if (state instanceof Dict attributes && isModule(attributes)) {
            module(attributes, name, depth);
            return;
        }
        if (call.path().equals("collections.OrderedDict") || call.path().equals("collections.Counter")) {
            call.argument(0).ifPresent(pairs -> pairs(call, pairs));
            if (call.entries().isPresent()) {
                entries(call.entries().get(), name, hint, depth);
            }
            return; // its state is _metadata, which holds no tensors
        }
        if (call.entries().isPresent()) {
            entries(call.entries().get(), name, hint, depth);
        }
        items(call.appended(), name, hint, depth);
        visit(state, name, hint, depth + 1);
    }

    /** Python 2 pickled an OrderedDict by its pairs. */
    private static void pairs(Call call, Object pairs) {
        if (pairs instanceof Items list
                && !(pairs instanceof Dict)
                && call.entries().isEmpty()) {
            for (Object pair : list.items()) {
                if (pair instanceof Items two && two.size() == 2) {
                    call.put(two.items().get(0), two.items().get(1));
                }
            }
        }
    }

    private void sparse(Call call, String name, Optional<Kind> hint, int depth) throws IOException {
        if (!(call.argument(1).orElse("") instanceof Tuple parts)) {
            return;
        }
        String label = name.isEmpty() ? "tensor" : name;
        boolean compressed = parts.size() >= 4 && parts.items().get(2) instanceof Call;
        List<String> names = compressed
                ? List.of(".compressed_indices", ".plain_indices", ".values")
                : List.of(".indices", ".values");
        for (int k = 0; k < names.size() && k < parts.size(); k++) {
            visit(parts.items().get(k), label + names.get(k), Optional.of(hint.orElse(Kind.OTHER)), depth + 1);
        }
        warnings.add("tensor '" + label + "' is sparse; its " + String.join(" and ", names) + " are listed");
    }

    private static boolean isModule(Dict attributes) {
        return attributes.find("_modules").isPresent()
                && attributes.find("_parameters").isPresent();
    }

    /** The names of Module.state_dict: own parameters, own buffers, then the submodules. */
    private void module(Dict attributes, String name, int depth) throws IOException {
        for (String part : List.of("_parameters", "_buffers", "_modules")) {
            Object dict = attributes.find(part).orElse(PickleValue.None.NONE);
            Optional<Kind> kind = part.equals("_modules")
                    ? Optional.empty()
                    : Optional.of(part.equals("_buffers") ? Kind.BUFFER : Kind.PARAMETER);
            visit(dict, name, kind, depth + 1);
        }
    }

    private static String key(Object key) {
        if (key instanceof String
                || key instanceof Long
                || key instanceof Boolean
                || key instanceof Double
                || key instanceof BigInteger) {
            return key.toString();
        }
        if (key instanceof Tuple tuple) {
            List<String> parts = new ArrayList<>();
            for (Object part : tuple.items()) {
                parts.add(part instanceof Items ? "?" : key(part));
            }
            return "(" + String.join(", ", parts) + ")";
        }
        return key instanceof PickleValue.Global global ? global.path() : "?";
    }

    private MalformedFileException malformed(String name, String found, String expected) {
        return MalformedFileException.of(file, "pickled value '" + name + "'", found, expected);
    }
}
