package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.torch.pickle.PickleReader.Pickle;
import io.detinit.interop.torch.pickle.PickleValue;
import io.detinit.interop.torch.pickle.PickleValue.Call;
import io.detinit.interop.torch.pickle.PickleValue.Dict;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the file {@code .metadata} of a distributed checkpoint says: a plain pickle of {@code Metadata(state_dict_metadata,
 * planner_data, storage_data, ...)}, read inertly. Source: {@code torch/distributed/checkpoint/metadata.py}.
 *
 * @param tensors in the order of the state dict
 * @param others names of items that are no tensors
 * @param warnings one line for each thing that a reader should know
 */
record DistributedMetadata(List<Item> tensors, List<String> others, List<String> warnings) {

    private static final int MAX_RANK = 64;

    /**
     * A tensor.
     *
     * @param name its flattened name
     * @param dtype the element type
     * @param sizes its shape
     * @param chunks its pieces
     */
    record Item(String name, DType dtype, List<Long> sizes, List<Chunk> chunks) {}

    /**
     * A piece of a tensor.
     *
     * @param offsets its first element, one number for each axis
     * @param sizes its shape
     * @param place where it lies
     */
    record Chunk(List<Long> offsets, List<Long> sizes, Place place) {}

    /**
     * Where a piece lies: a whole file of {@code torch.save} inside another.
     *
     * @param file the file's name in the folder
     * @param offset the first byte
     * @param length how many bytes
     */
    record Place(String file, long offset, long length) {}

    /**
     * Takes a pickle apart.
     *
     * @param file for messages
     * @param pickle the pickle of {@code .metadata}
     * @return what it says
     * @throws MalformedFileException if it is no such metadata
     */
    static DistributedMetadata of(String file, Pickle pickle) throws MalformedFileException {
        return new Reader(file).read(pickle.value());
    }

    /** Not safe for use by several threads. */
    private static final class Reader {
        private final String file;
        private final Map<String, Place> places = new HashMap<>();
        private final List<String> warnings = new ArrayList<>();

        Reader(String file) {
            this.file = file;
        }

        DistributedMetadata read(Object root) throws MalformedFileException {
            Dict metadata = state(root, "metadata", "no object with attributes");
            Dict items = dict(metadata, "state_dict_metadata");
            Dict storage = dict(metadata, "storage_data");
            for (int k = 0; k + 1 < storage.size(); k += 2) {
                place(storage.items().get(k), storage.items().get(k + 1));
            }
            Map<String, Item> tensors = new LinkedHashMap<>();
            List<String> others = new ArrayList<>();
            for (int k = 0; k + 1 < items.size(); k += 2) {
                if (!(items.items().get(k) instanceof String name)
                        || !(items.items().get(k + 1) instanceof Call call)) {
                    throw malformed("state_dict_metadata", "an entry of another kind", "a name and its metadata");
                }
                if (call.path().endsWith(".BytesStorageMetadata")) {
                    others.add(name);
                } else {
                    Optional<Item> item = item(name, call);
                    if (item.isPresent() && tensors.put(name, item.get()) != null) {
                        throw malformed("item '" + name + "'", "a second one of that name", "unique names");
                    }
                }
            }
            List<Item> ordered = inOrder(tensors, metadata.find("planner_data").orElse(""));
            return new DistributedMetadata(ordered, List.copyOf(others), warnings);
        }

        /** The metadata lists rank by rank; the planner's mapping from flattened names to paths has the state dict's order. */
        private static List<Item> inOrder(Map<String, Item> tensors, Object planner) {
            Map<String, Item> rest = new LinkedHashMap<>(tensors);
            List<Item> ordered = new ArrayList<>();
            if (planner instanceof Dict mapping) {
                for (int k = 0; k + 1 < mapping.size(); k += 2) {
                    Item item = mapping.items().get(k) instanceof String name ? rest.remove(name) : null;
                    if (item != null) {
                        ordered.add(item);
                    }
                }
            }
            ordered.addAll(rest.values());
            return List.copyOf(ordered);
        }

        private void place(Object index, Object info) throws MalformedFileException {
            Dict key = state(index, "storage_data", "an index without attributes");
            if (!(key.find("fqn").orElse("") instanceof String name) || name.isEmpty()) {
                throw malformed("storage_data", "an index without fqn", "a name");
            }
            String where = "item '" + name + "'";
            Dict place = state(info, where, "no place");
            if (!(place.find("relative_path").orElse(0) instanceof String path)
                    || !(place.find("offset").orElse("") instanceof Long offset)
                    || !(place.find("length").orElse("") instanceof Long length)) {
                throw malformed(where, "a place of another kind", "relative_path, offset and length");
            }
            if (place.find("transform_descriptors").orElse("") instanceof Items transforms && transforms.size() > 0) {
                throw MalformedFileException.unsupported(
                        file, where, "data transformed on writing", "save it without extensions");
            }
            Object offsets = key.find("offset").orElse(PickleValue.None.NONE);
            String chunk = offsets == PickleValue.None.NONE
                    ? ""
                    : numbers(offsets, where).toString();
            places.put(name + "\n" + chunk, new Place(path, offset, length));
        }

        private Optional<Item> item(String name, Call call) throws MalformedFileException {
            String where = "item '" + name + "'";
            Dict tensor = state(call, where, "no attributes");
            List<Long> sizes = numbers(tensor.find("size").orElse(""), where);
            Object dtypeName = dtype(tensor.find("properties").orElse(""));
            Optional<DType> dtype = TorchTypes.ofDtype(dtypeName);
            if (dtype.isEmpty()) {
                String shown = dtypeName instanceof Global global ? global.path() : "unknown";
                warnings.add("tensor '" + name + "' of type " + shown + " is not read");
                return Optional.empty();
            }
            if (!(tensor.find("chunks").orElse("") instanceof Items list)) {
                throw malformed(where, "no chunks", "a list of them");
            }
            List<Chunk> chunks = new ArrayList<>();
            for (Object value : list.items()) {
                Dict chunk = state(value, where, "a chunk without attributes");
                List<Long> offsets = numbers(chunk.find("offsets").orElse(""), where);
                List<Long> part = numbers(chunk.find("sizes").orElse(""), where);
                Place place = places.get(name + "\n" + offsets);
                if (place == null && part.contains(0L)) {
                    continue; // an empty chunk needs no place
                }
                if (place == null) {
                    throw malformed(where, "no place for the chunk at " + offsets, "one in storage_data");
                }
                chunks.add(new Chunk(offsets, part, place));
            }
            return Optional.of(new Item(name, dtype.get(), sizes, chunks));
        }

        /** TensorProperties pickles as (dtype, layout, requires_grad, memory format, pin_memory[, strides]). */
        private static Object dtype(Object properties) {
            Object state = properties instanceof Call call ? call.state().orElse("") : "";
            if (state instanceof Tuple tuple) {
                return tuple.get(0).orElse("");
            }
            return state instanceof Dict dict ? dict.find("dtype").orElse("") : "";
        }

        private Dict dict(Dict object, String attribute) throws MalformedFileException {
            if (object.find(attribute).orElse("") instanceof Dict dict) {
                return dict;
            }
            throw malformed(attribute, "no dict", "one");
        }

        private Dict state(Object value, String where, String found) throws MalformedFileException {
            if (value instanceof Call call && call.state().orElse("") instanceof Dict attributes) {
                return attributes;
            }
            throw malformed(where, found, "what torch.distributed.checkpoint pickles");
        }

        private List<Long> numbers(Object value, String where) throws MalformedFileException {
            Object list = value instanceof Call size && size.path().equals("torch.Size")
                    ? size.argument(0).orElse("")
                    : value;
            if (!(list instanceof Items items) || list instanceof Dict || items.size() > MAX_RANK) {
                throw malformed(where, "no sizes", "at most " + MAX_RANK + " numbers");
            }
            List<Long> numbers = new ArrayList<>();
            for (Object item : items.items()) {
                if (!(item instanceof Long number) || number < 0) {
                    throw malformed(where, "a size that is no number >= 0", "integers >= 0");
                }
                numbers.add(number);
            }
            return List.copyOf(numbers);
        }

        private MalformedFileException malformed(String where, String found, String expected) {
            return MalformedFileException.of(file, where, found, expected);
        }
    }
}
