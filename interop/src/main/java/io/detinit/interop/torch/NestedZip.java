package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A file of {@code torch.save} inside another file. Its storages are keyed {@code <outer record>!/<inner entry>}, so that nobody
 * takes them for records of the outer archive; one that is stored in a stored record is read without a copy.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class NestedZip {

    /** Between the outer record and the inner entry in a key. */
    static final String SEPARATOR = "!/";

    private NestedZip() {}

    /**
     * Reads one.
     *
     * @param file the outer file, for messages
     * @param record what messages and keys call it
     * @param bytes the inner file
     * @return its tensors, by the names that they have inside
     * @throws MalformedFileException if it is no archive of {@code torch.save}
     */
    static PickleFile read(String file, String record, ByteSource bytes) throws IOException {
        TorchZip zip = TorchZip.open(bytes);
        Optional<ByteSource> pickle = zip.record("data.pkl");
        if (pickle.isEmpty() || zip.has("constants.pkl")) {
            throw MalformedFileException.of(file, record, "an archive of another kind", "one of torch.save");
        }
        ZipStorages inside = new ZipStorages(zip.archive(), key -> zip.root() + "data/" + key, zip.bigEndian());
        return PickleFile.of(
                file,
                PickleRecord.read(file, record + ", data.pkl", pickle.get()),
                new Keyed(record + SEPARATOR, inside));
    }

    /**
     * Changes one, so that the outer file keeps its size.
     *
     * @param patches of the outer file, or of the inner one
     * @param record what {@link #read} was told to call it
     * @param bytes the inner file, as it was read
     * @param overlays the new content of storages
     * @throws MalformedFileException if the inner file or a storage in it is compressed
     * @throws IOException if reading fails
     */
    static void patch(ZipPatches patches, String record, ByteSource bytes, StorageOverlays overlays)
            throws IOException {
        if (bytes.size() > 0 && bytes.filePosition(bytes.size()) == bytes.filePosition(0)) {
            throw MalformedFileException.unsupported(
                    bytes.name(), "record", "changing a compressed archive inside another", "save it anew");
        }
        ZipArchive archive = ZipArchive.open(bytes);
        for (ZipEntryInfo entry : archive.entries()) {
            String key = record + SEPARATOR + entry.name();
            if (overlays.covers(key)) {
                patches.replace(archive, entry.name(), sink -> overlays.write(key, sink));
            }
        }
    }

    /** Storages under other keys; one object for each. */
    private static final class Keyed implements Rebuild.Storages {
        private final String prefix;
        private final Rebuild.Storages storages;
        private final Map<String, Storage> known = new HashMap<>();

        Keyed(String prefix, Rebuild.Storages storages) {
            this.prefix = prefix;
            this.storages = storages;
        }

        @Override
        public Optional<Rebuild.TypedStorage> find(Tuple id, String where) throws IOException {
            return storages.find(id, where)
                    .map(typed -> new Rebuild.TypedStorage(
                            known.computeIfAbsent(
                                    prefix + typed.storage().key(),
                                    key -> new Storage(
                                            key,
                                            typed.storage().bytes(),
                                            typed.storage().bigEndian())),
                            typed.type(),
                            typed.base()));
        }
    }
}
