package io.detinit.interop.torch;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.torch.ScriptClasses.ScriptClass;
import io.detinit.interop.torch.pickle.PickleValue;
import io.detinit.interop.torch.pickle.PickleValue.Call;
import io.detinit.interop.torch.pickle.PickleValue.Dict;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Names the tensors of TorchScript objects by their attribute paths. Of each module first its parameters, then its buffers, then
 * what its other attributes hold, then its submodules, so that parameters and buffers come in the order of PyTorch's own
 * {@code state_dict}.
 *
 * <p>Not safe for use by several threads.
 */
final class ScriptWalk {

    private static final int MAX_DEPTH = 200;
    private static final int MAX_VISITS = 1 << 20;
    private static final String BY_ID = "build_tensor_from_id";

    private final String file;
    private final Rebuild rebuild;
    private final ScriptClasses classes;
    private final Map<String, StorageTensor> tensors = new LinkedHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Set<String> warned = new HashSet<>();
    private int visits;

    /**
     * A walk.
     *
     * @param file for messages
     * @param rebuild knows the tensors
     * @param classes knows the archive's classes
     */
    ScriptWalk(String file, Rebuild rebuild, ScriptClasses classes) {
        this.file = file;
        this.rebuild = rebuild;
        this.classes = classes;
    }

    List<StorageTensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /** One line for each thing that a reader should know, {@link Rebuild}'s included. */
    List<String> warnings() {
        List<String> all = new ArrayList<>(rebuild.warnings());
        all.addAll(warnings);
        return all;
    }

    /** The module that data.pkl holds. */
    void module(Object root) throws IOException {
        if (!(root instanceof Call call)
                || !(call.callable() instanceof Global global)
                || !ScriptClasses.isScript(global)) {
            throw malformed("data.pkl", "no object of a class of __torch__", "a module");
        }
        visit(root, "", Kind.OTHER, 0);
    }

    /** The constants of the code: number 7 of them is called {@code CONSTANTS.c7} there. */
    void constants(Object root) throws IOException {
        if (!(root instanceof Items items)) {
            throw malformed("constants.pkl", "no tuple", "the constants of the code");
        }
        for (int k = 0; k < items.size(); k++) {
            visit(items.items().get(k), "CONSTANTS.c" + k, Kind.CONSTANT, 1);
        }
    }

    private void visit(Object value, String name, Kind kind, int depth) throws IOException {
        count(1, name);
        if (!(value instanceof Items) && !(value instanceof Call)) {
            return;
        }
        if (depth > MAX_DEPTH) {
            throw malformed(name, "objects nested more than " + MAX_DEPTH + " deep, or within themselves", "fewer");
        }
        Optional<FoundTensor> tensor = rebuild.tensor(value, name);
        if (tensor.isPresent()) {
            add(name, tensor.get(), kind);
        } else if (value instanceof Dict dict) {
            for (Map.Entry<String, Object> entry : entries(dict).entrySet()) {
                visit(entry.getValue(), TensorPath.join(file, name, entry.getKey()), kind, depth + 1);
            }
        } else if (value instanceof Items items) {
            items(items.items(), name, kind, depth);
        } else if (value instanceof Call call) {
            call(call, name, kind, depth);
        }
    }

    private void count(int values, String name) throws MalformedFileException {
        visits += values;
        if (visits > MAX_VISITS) {
            throw malformed(name, "more than " + MAX_VISITS + " values, shared ones counted each time", "fewer");
        }
    }

    private void items(List<Object> items, String name, Kind kind, int depth) throws IOException {
        for (int k = 0; k < items.size(); k++) {
            visit(items.get(k), TensorPath.join(file, name, Integer.toString(k)), kind, depth + 1);
        }
    }

    private void call(Call call, String name, Kind kind, int depth) throws IOException {
        Object state = call.state().orElse(PickleValue.None.NONE);
        if (call.callable() instanceof Global global && ScriptClasses.isScript(global)) {
            object(call, global, state, name, kind, depth);
        } else if (call.path().endsWith("._rebuild_sparse_tensor")) {
            sparse(call, name, kind, depth);
        } else if (call.path().endsWith("." + BY_ID)) {
            warn(name, "a tensor by its number, as PyTorch before 1.3 wrote it, is not read");
        } else if (call.path().startsWith("torch.jit._pickle.")) {
            // restore_type_tag(value, type), build_tensorlist(value) and the like
            visit(call.argument(0).orElse(PickleValue.None.NONE), name, kind, depth + 1);
        } else {
            visit(call.arguments(), name, kind, depth + 1);
            visit(state, name, kind, depth + 1);
        }
    }

    private void object(Call call, Global global, Object state, String name, Kind kind, int depth) throws IOException {
        Optional<ScriptClass> known = classes.find(global);
        if (!(state instanceof Dict attributes) || known.map(ScriptClass::packs).orElse(false)) {
            // A named tuple, or a state that is its class's own affair
            int before = tensors.size();
            visit(call.arguments(), name, kind, depth + 1);
            visit(state, name, kind, depth + 1);
            if (tensors.size() > before && call.state().isPresent()) {
                warn(name, "packed by " + global.path() + " itself; what it packed is listed by position");
            }
            return;
        }
        if (known.isEmpty() && !ScriptClasses.isNative(global)) {
            warn(global.path(), "a class without code in the archive; its parameters and buffers are guessed by name");
        }
        Map<String, Object> entries = entries(attributes);
        count(entries.size(), name);
        for (Kind direct : List.of(Kind.PARAMETER, Kind.BUFFER)) {
            for (Map.Entry<String, Object> entry : entries.entrySet()) {
                String path = TensorPath.join(file, name, entry.getKey());
                Optional<FoundTensor> tensor = rebuild.tensor(entry.getValue(), path);
                if (tensor.isPresent() && kindOf(known, entry.getKey(), tensor.get()) == direct) {
                    add(path, tensor.get(), direct);
                }
            }
        }
        for (boolean submodules : new boolean[] {false, true}) {
            for (Map.Entry<String, Object> entry : entries.entrySet()) {
                String path = TensorPath.join(file, name, entry.getKey());
                Optional<FoundTensor> tensor = rebuild.tensor(entry.getValue(), path);
                boolean listed = tensor.isPresent() && kindOf(known, entry.getKey(), tensor.get()) != Kind.OTHER;
                if (!listed && submodules == isModule(entry.getValue())) {
                    visit(entry.getValue(), path, kind, depth + 1);
                }
            }
        }
    }

    /** What a tensor is that is an attribute itself. */
    private static Kind kindOf(Optional<ScriptClass> known, String attribute, FoundTensor tensor) {
        if (known.isEmpty()) {
            return TensorKinds.of(attribute, tensor.view().dtype());
        }
        ScriptClass type = known.get();
        if (!type.module()) {
            return Kind.OTHER;
        }
        return type.parameters().contains(attribute)
                ? Kind.PARAMETER
                : type.isBuffer(attribute) ? Kind.BUFFER : Kind.OTHER;
    }

    private boolean isModule(Object value) throws IOException {
        return value instanceof Call call
                && call.callable() instanceof Global global
                && ScriptClasses.isScript(global)
                && !ScriptClasses.isNative(global)
                && classes.find(global).map(ScriptClass::module).orElse(true);
    }

    private void sparse(Call call, String name, Kind kind, int depth) throws IOException {
        if (call.argument(1).orElse("") instanceof Items parts) {
            visit(parts.get(0).orElse(""), name + ".indices", kind, depth + 1);
            visit(parts.get(1).orElse(""), name + ".values", kind, depth + 1);
            warn(name, "sparse; its .indices and .values are listed");
        }
    }

    private void add(String name, FoundTensor found, Kind kind) {
        String unique = name;
        for (int number = 2; tensors.containsKey(unique); number++) {
            unique = name + "#" + number;
        }
        StorageView view = found.view();
        Kind known = found.note().isEmpty() ? kind : Kind.OTHER;
        if (!found.note().isEmpty()) {
            warn(unique, found.note() + " are listed");
        }
        tensors.put(
                unique,
                new StorageTensor(new TensorInfo(unique, view.dtype(), TensorShape.of(view.sizes()), known), view));
    }

    /** A key that is set twice keeps its first place and its last value. */
    private static Map<String, Object> entries(Dict dict) {
        Map<String, Object> entries = new LinkedHashMap<>();
        for (int k = 0; k + 1 < dict.size(); k += 2) {
            Object key = dict.items().get(k);
            boolean simple =
                    key instanceof String || key instanceof Long || key instanceof Double || key instanceof Boolean;
            entries.put(simple ? key.toString() : "?" + k / 2, dict.items().get(k + 1));
        }
        return entries;
    }

    private void warn(String name, String what) {
        if (warned.add(what + name) && warned.size() <= 100) {
            warnings.add("'" + name + "': " + what);
        }
    }

    private MalformedFileException malformed(String name, String found, String expected) {
        return MalformedFileException.of(file, "TorchScript value '" + name + "'", found, expected);
    }
}
