package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import io.detinit.interop.torch.pickle.PickleValue.Persistent;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The storages of a legacy file, which follow the pickles one after another. How long each is follows from the class that the
 * object's pickle names for it. Immutable.
 */
final class LegacyStorages implements Rebuild.Storages {

    private static final int COUNT_BYTES = 8;

    private final String file;
    private final Map<String, Storage> storages;

    private LegacyStorages(String file, Map<String, Storage> storages) {
        this.file = file;
        this.storages = storages;
    }

    /**
     * Finds where each storage lies.
     *
     * @param source the file
     * @param from the byte after the list of keys
     * @param keys the keys, in the order of the storages
     * @param references the persistent references of the object's pickle
     */
    static LegacyStorages place(ByteSource source, long from, Items keys, Iterable<Persistent> references)
            throws IOException {
        Map<String, StorageId> ids = new HashMap<>();
        for (Persistent reference : references) {
            if (reference.id() instanceof Tuple id && "storage".equals(id.get(0).orElse(""))) {
                StorageId read = StorageId.of(id, source.name(), "?");
                StorageId before = ids.put(read.key(), read);
                if (before != null && elementBytes(before) != elementBytes(read)) {
                    throw malformed(source, from, "storage " + read.key() + " of two classes", "one class");
                }
            }
        }
        Map<String, Storage> storages = new LinkedHashMap<>();
        long at = from;
        for (Object key : keys.items()) {
            StorageId id = ids.get(key.toString());
            if (id == null) {
                throw malformed(source, at, "storage " + key + ", which no tensor uses", "one whose class is known");
            }
            if (at > source.size() - COUNT_BYTES) {
                throw malformed(source, at, "the end of the file", "storage " + key + "; the file is truncated");
            }
            ByteBuffer count = ByteBuffer.allocate(COUNT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            source.read(at, count);
            long elements = count.getLong(0);
            long left = source.size() - at - COUNT_BYTES;
            if (elements < 0 || elements > left / elementBytes(id)) {
                throw malformed(
                        source,
                        at,
                        elements + " elements of " + elementBytes(id) + " bytes",
                        "at most " + left + " bytes; the file is truncated");
            }
            long bytes = elements * elementBytes(id);
            ByteSource content = source.part(source.name() + ": storage " + key, at + COUNT_BYTES, bytes);
            if (storages.put(id.key(), new Storage(id.key(), content, false)) != null) {
                throw malformed(source, at, "a second storage " + key, "unique keys");
            }
            at += COUNT_BYTES + bytes;
        }
        if (at != source.size()) {
            throw malformed(source, at, (source.size() - at) + " bytes after the last storage", "none");
        }
        return new LegacyStorages(source.name(), storages);
    }

    /** The storages in the order of the file. */
    List<Storage> inOrder() {
        return List.copyOf(storages.values());
    }

    private static int elementBytes(StorageId id) {
        return TorchTypes.ofStorage(id.type()).map(DType::bytes).orElse(1);
    }

    @Override
    public Optional<Rebuild.TypedStorage> find(Tuple id, String where) throws IOException {
        StorageId read = StorageId.of(id, file, where);
        Storage storage = storages.get(read.key());
        if (storage == null) {
            throw MalformedFileException.of(
                    file, "tensor '" + where + "'", "no storage " + read.key(), "one in the list of keys");
        }
        read.checkSize(storage.bytes().size(), file, where);
        long base = 0;
        if (id.get(5).orElse("") instanceof Tuple view) { // (key, offset, elements) of a view of the storage
            if (!(view.get(1).orElse("") instanceof Long offset) || offset < 0 || offset > read.elements()) {
                throw MalformedFileException.of(
                        file, "tensor '" + where + "'", "a view without an offset", "(key, offset, elements)");
            }
            base = offset;
        }
        return Optional.of(new Rebuild.TypedStorage(storage, read.type(), base));
    }

    private static MalformedFileException malformed(ByteSource source, long at, String found, String expected) {
        return MalformedFileException.of(source.name(), "byte " + source.filePosition(at), found, expected);
    }
}
