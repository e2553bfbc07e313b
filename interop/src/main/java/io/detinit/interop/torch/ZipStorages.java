package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The storages of an archive, found by persistent ids {@code ("storage", class, key, location, elements)}. Not safe for use by
 * several threads.
 */
final class ZipStorages implements Rebuild.Storages {

    private final ZipArchive archive;
    private final UnaryOperator<String> entryOfKey;
    private final boolean bigEndian;
    private final Map<String, Storage> storages = new HashMap<>();

    /**
     * The storages.
     *
     * @param archive where they lie
     * @param entryOfKey the entry that holds the storage of a key
     * @param bigEndian the archive's byte order
     */
    ZipStorages(ZipArchive archive, UnaryOperator<String> entryOfKey, boolean bigEndian) {
        this.archive = archive;
        this.entryOfKey = entryOfKey;
        this.bigEndian = bigEndian;
    }

    @Override
    public Optional<Rebuild.TypedStorage> find(Tuple id, String where) throws IOException {
        StorageId read = StorageId.of(id, archive.source().name(), where);
        if (read.location().equals("meta")) {
            return Optional.empty();
        }
        Storage storage = storages.get(read.key());
        if (storage == null) {
            storage = new Storage(entryOfKey.apply(read.key()), content(read, where), bigEndian);
            storages.put(read.key(), storage);
        }
        read.checkSize(storage.bytes().size(), archive.source().name(), where);
        return Optional.of(new Rebuild.TypedStorage(storage, read.type(), 0));
    }

    private ByteSource content(StorageId id, String where) throws IOException {
        String name = entryOfKey.apply(id.key());
        Optional<ZipEntryInfo> entry = archive.find(name);
        if (entry.isEmpty()) {
            if (id.elements() == 0) {
                return new MemoryBytes(name, new byte[0]);
            }
            throw MalformedFileException.of(
                    archive.source().name(), "tensor '" + where + "'", "no entry '" + name + "'", "its storage");
        }
        return archive.content(entry.get());
    }
}
