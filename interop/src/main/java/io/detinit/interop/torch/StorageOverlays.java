package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipWriter.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Storages of which some tensors are replaced. Bytes that belong to none of these stay. Not safe for use by several threads.
 */
final class StorageOverlays {

    private static final int PIECE = 1 << 20;

    private final Map<String, List<Replacement>> byStorage = new HashMap<>();
    private final Map<String, Replacement> byIdentity = new HashMap<>();

    /**
     * Groups replacements by storage.
     *
     * @param file for messages
     * @param tensors the file's tensors
     * @param replacements by name; checked against the tensors before
     * @throws MalformedFileException if two replaced tensors overlap without being the same, or are the same with different
     *     new elements, or one has several elements in one place
     */
    StorageOverlays(String file, List<TensorView> tensors, Map<String, TensorView> replacements) throws IOException {
        for (TensorView tensor : tensors) {
            TensorView replacement = replacements.get(tensor.info().name());
            if (replacement != null
                    && tensor instanceof StorageTensor stored
                    && tensor.info().bytes() > 0) {
                add(file, new Replacement(tensor.info().name(), stored.storageView(), replacement));
            }
        }
        for (List<Replacement> list : byStorage.values()) {
            list.sort(Comparator.comparingLong(replacement -> replacement.view().offset()));
            long end = 0;
            String before = "";
            for (Replacement replacement : list) {
                if (replacement.view().offset() < end) {
                    throw unsupported(file, replacement, "overlapping '" + before + "', which is replaced too,");
                }
                end = replacement.view().end();
                before = replacement.name();
            }
        }
    }

    private void add(String file, Replacement replacement) throws IOException {
        if (!replacement.view().injective()) {
            throw unsupported(file, replacement, "a view with several elements in one place");
        }
        Replacement other = byIdentity.putIfAbsent(replacement.view().identity(), replacement);
        if (other == null) {
            byStorage
                    .computeIfAbsent(replacement.view().storage().key(), key -> new ArrayList<>())
                    .add(replacement);
        } else if (!sameContent(other.tensor(), replacement.tensor())) {
            throw unsupported(file, replacement, "tied to '" + other.name() + "' and other values for it");
        }
    }

    private static boolean sameContent(TensorView a, TensorView b) throws IOException {
        long size = a.info().bytes();
        for (long at = 0; a != b && at < size; at += PIECE) {
            int length = (int) Math.min(PIECE, size - at);
            if (!a.view(at, length).equals(b.view(at, length))) {
                return false;
            }
        }
        return true;
    }

    private static MalformedFileException unsupported(String file, Replacement replacement, String what) {
        return MalformedFileException.unsupported(
                file, "tensor '" + replacement.name() + "'", "replacing " + what, "clone the tensor before saving");
    }

    /** Whether something in a storage is replaced. */
    boolean covers(String storage) {
        return byStorage.containsKey(storage);
    }

    /** Whether something is replaced in a storage of an archive inside a record. */
    boolean coversInside(String record) {
        return byStorage.keySet().stream().anyMatch(key -> key.startsWith(record + NestedZip.SEPARATOR));
    }

    /**
     * Writes a storage's new content.
     *
     * @param storage its key
     * @param sink receives as many bytes as the storage has
     * @throws IOException if reading or writing fails
     */
    void write(String storage, Sink sink) throws IOException {
        List<Replacement> list = byStorage.getOrDefault(storage, List.of());
        Storage old = list.get(0).view().storage();
        long size = old.bytes().size();
        for (long at = 0; at < size; at += PIECE) {
            byte[] piece = new byte[(int) Math.min(PIECE, size - at)];
            old.bytes().read(at, ByteBuffer.wrap(piece));
            for (Replacement replacement : list) {
                replacement.apply(at, piece);
            }
            sink.write(ByteBuffer.wrap(piece));
        }
    }
}
