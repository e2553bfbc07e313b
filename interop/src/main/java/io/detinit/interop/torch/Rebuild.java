package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.torch.pickle.PickleValue.Call;
import io.detinit.interop.torch.pickle.PickleValue.Dict;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import io.detinit.interop.torch.pickle.PickleValue.Persistent;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Understands the calls by which pickles describe tensors, and checks that each lies inside its storage. Source: {@code
 * torch/_utils.py} and {@code torch/_tensor.py}.
 *
 * <p>Not safe for use by several threads.
 */
final class Rebuild {

    private static final int MAX_RANK = 64;
    private static final int MAX_WRAPPERS = 16;
    private static final String UTILS = "torch._utils.";

    /** Finds the storage that a persistent id names. */
    @FunctionalInterface
    interface Storages {
        /**
         * Finds a storage.
         *
         * @param id the persistent id
         * @param where the tensor, for messages
         * @return the storage and its class; empty where it has no data (device meta)
         * @throws IOException if there is none, or it has not the size that the id claims
         */
        Optional<TypedStorage> find(Tuple id, String where) throws IOException;
    }

    /**
     * A storage as an id names it.
     *
     * @param storage the memory
     * @param type the class
     * @param base the element of the memory from which offsets count; above 0 only in views of files before 0.4
     */
    record TypedStorage(Storage storage, Global type, long base) {}

    private final String file;
    private final Storages storages;
    private final IdentityHashMap<Object, Optional<FoundTensor>> known = new IdentityHashMap<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Integer> repeated = new HashMap<>();

    Rebuild(String file, Storages storages) {
        this.file = file;
        this.storages = storages;
    }

    /** One line for each kind of thing that was left out. */
    List<String> warnings() {
        return warnings;
    }

    /**
     * The tensor that a value describes.
     *
     * @param value any value of the pickle
     * @param where its name, for messages
     * @return the tensor; empty where the value is none, or one without readable data
     */
    Optional<FoundTensor> tensor(Object value, String where) throws IOException {
        if (!(value instanceof Call call)) {
            return Optional.empty();
        }
        Optional<FoundTensor> before = known.get(call);
        if (before == null) {
            before = rebuild(call, where, 0);
            known.put(call, before);
        }
        return before;
    }

    private Optional<FoundTensor> rebuild(Call call, String where, int depth) throws IOException {
        if (depth > MAX_WRAPPERS) {
            throw malformed(where, "a tensor wrapped " + depth + " times", "fewer");
        }
        String path = call.path();
        switch (path) {
            case UTILS + "_rebuild_tensor_v2", UTILS + "_rebuild_tensor" -> {
                return strided(call, where, Optional.empty(), call.argument(6), "");
            }
            case UTILS + "_rebuild_tensor_v3" -> {
                return strided(call, where, call.argument(6), call.argument(7), "");
            }
            case UTILS + "_rebuild_qtensor" -> {
                return strided(
                        call,
                        where,
                        Optional.empty(),
                        Optional.empty(),
                        "quantised (" + scheme(call) + "), its integers");
            }
            case UTILS + "_rebuild_parameter", UTILS + "_rebuild_parameter_with_state" -> {
                return inner(call, 0, where, depth).map(t -> new FoundTensor(t.view(), true, t.note()));
            }
            case "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer" -> {
                // Before 0.4 and as Buffer: made empty, its data in the state
                Object data = call.state().orElse(null) instanceof Tuple state
                        ? state.get(0).orElse(call)
                        : call.argument(0).orElse(call);
                return data == call || !(data instanceof Call wrapped)
                        ? Optional.empty()
                        : rebuild(wrapped, where, depth + 1)
                                .map(t -> new FoundTensor(t.view(), path.endsWith("Parameter"), t.note()));
            }
            case "torch._tensor._rebuild_from_type_v2",
                    "torch.tensor._rebuild_from_type_v2",
                    "torch._tensor._rebuild_from_type",
                    "torch.tensor._rebuild_from_type" -> {
                return fromType(call, where, depth);
            }
            case UTILS + "_rebuild_device_tensor_from_cpu_tensor" -> {
                return inner(call, 0, where, depth);
            }
            case UTILS + "_rebuild_meta_tensor_no_storage",
                    UTILS + "_rebuild_wrapper_subclass",
                    UTILS + "_rebuild_device_tensor_from_numpy",
                    UTILS + "_rebuild_xla_tensor",
                    UTILS + "_rebuild_nested_tensor" -> {
                warn(where, "made by " + path + ", has no data that can be read here");
                return Optional.empty();
            }
            default -> {
                return oldTensor(call, where);
            }
        }
    }

    /** A tensor subclass, or a tensor with attributes: (function, type, arguments, state). */
    private Optional<FoundTensor> fromType(Call call, String where, int depth) throws IOException {
        Object function = call.argument(0).orElse(call);
        Object arguments = call.argument(2).orElse(call);
        if (function instanceof Global && arguments instanceof Tuple) {
            return rebuild(Call.of(function, arguments), where, depth + 1);
        }
        return Optional.empty();
    }

    private Optional<FoundTensor> inner(Call call, int argument, String where, int depth) throws IOException {
        return call.argument(argument).orElse(call) instanceof Call inner && inner != call
                ? rebuild(inner, where, depth + 1)
                : Optional.empty();
    }

    /** Before 0.2: torch.FloatTensor made empty, (storage, offset, sizes, strides) in the state. */
    private Optional<FoundTensor> oldTensor(Call call, String where) throws IOException {
        boolean old = call.callable() instanceof Global global
                && global.module().matches("torch(\\.cuda)?")
                && global.name().endsWith("Tensor");
        if (old && call.state().orElse(null) instanceof Tuple state && state.size() == 4) {
            return strided(Call.of(call.callable(), state), where, Optional.empty(), Optional.empty(), "");
        }
        return Optional.empty();
    }

    /** (storage, offset, sizes, strides, ...): offset and strides in elements of the tensor's dtype. */
    private Optional<FoundTensor> strided(
            Call call, String where, Optional<Object> dtypeGlobal, Optional<Object> metadata, String note)
            throws IOException {
        if (!(call.argument(0).orElse(call) instanceof Persistent persistent)
                || !(persistent.id() instanceof Tuple id)) {
            throw malformed(where, "a tensor without a storage", "a persistent id");
        }
        Optional<TypedStorage> found = storages.find(id, where);
        if (found.isEmpty()) {
            warn(where, "on the device meta, has no data");
            return Optional.empty();
        }
        Optional<DType> dtype = dtypeGlobal.isPresent()
                ? TorchTypes.ofDtype(dtypeGlobal.get())
                : TorchTypes.ofStorage(found.get().type());
        if (dtype.isEmpty()) {
            Object name = dtypeGlobal.orElse(found.get().type());
            warn(where, "of type " + (name instanceof Global global ? global.path() : "unknown") + ", is not read");
            return Optional.empty();
        }
        Storage storage = found.get().storage();
        if (storage.bigEndian() && TorchTypes.isUntyped(found.get().type())) {
            warn(where, "an untyped storage of a big-endian machine, is not read");
            return Optional.empty();
        }
        long[] sizes = numbers(call.argument(2), where, "sizes");
        long[] strides = numbers(call.argument(3), where, "strides");
        if (sizes.length != strides.length) {
            throw malformed(where, sizes.length + " sizes and " + strides.length + " strides", "as many");
        }
        if (!(call.argument(1).orElse(call) instanceof Long offset) || offset < 0) {
            throw malformed(where, "no offset >= 0", "one");
        }
        boolean empty = LongStream.of(sizes).anyMatch(size -> size == 0);
        long first = empty ? 0 : offset + found.get().base(); // where nothing lies is of no interest
        if (first < 0) {
            throw malformed(where, "an offset of " + offset, "one inside the storage");
        }
        StorageView view = new StorageView(
                storage, dtype.get(), first, sizes, strides, flag(metadata, "conj"), flag(metadata, "neg"));
        return Optional.of(new FoundTensor(ViewBounds.check(view, file, "tensor '" + where + "'"), false, note));
    }

    private long[] numbers(Optional<Object> value, String where, String what) throws MalformedFileException {
        Object list = value.orElse("");
        if (list instanceof Call size && size.path().equals("torch.Size")) {
            list = size.argument(0).orElse("");
        }
        if (!(list instanceof Items items) || items.size() > MAX_RANK) {
            throw malformed(where, "no " + what, "a tuple of at most " + MAX_RANK + " numbers");
        }
        long[] numbers = new long[items.size()];
        for (int k = 0; k < numbers.length; k++) {
            if (!(items.items().get(k) instanceof Long number) || number < 0) {
                throw malformed(where, "a number among the " + what + " that is none or negative", "integers >= 0");
            }
            numbers[k] = number;
        }
        return numbers;
    }

    private static boolean flag(Optional<Object> metadata, String key) {
        return metadata.isPresent()
                && metadata.get() instanceof Dict dict
                && dict.find(key).orElse(false).equals(true);
    }

    private static String scheme(Call call) {
        return call.argument(4).orElse("") instanceof Tuple parameters
                        && parameters.get(0).orElse("") instanceof Global global
                ? global.name().replace('_', ' ')
                : "unknown scheme";
    }

    private void warn(String where, String what) {
        int count = repeated.merge(what, 1, Integer::sum);
        if (count <= 3) {
            warnings.add("tensor '" + where + "', " + what);
        }
    }

    private MalformedFileException malformed(String where, String found, String expected) {
        return MalformedFileException.of(file, "tensor '" + where + "'", found, expected);
    }
}
