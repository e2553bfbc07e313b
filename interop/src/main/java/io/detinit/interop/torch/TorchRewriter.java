package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import io.detinit.interop.zip.ZipWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes copies of PyTorch's files with some storages changed; every other record is copied as it lies.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchRewriter {

    private static final int CHUNK = 1 << 20;
    private static final String OWN = "detinit.";

    private TorchRewriter() {}

    /**
     * Copies an archive, record by record in their order.
     *
     * @param zip the archive
     * @param overlays what changes
     * @param metadata this project's own records to set, by key {@code detinit.NAME}
     * @param prefix where in the archive those lie
     * @param channel empty, open for writing
     */
    static void zip(
            TorchZip zip, StorageOverlays overlays, Map<String, String> metadata, String prefix, FileChannel channel)
            throws IOException {
        ZipArchive archive = zip.archive();
        Map<String, String> own = new LinkedHashMap<>();
        metadata.forEach((key, value) -> own.put(record(zip, prefix, key), value));
        ZipWriter writer = new ZipWriter(channel);
        for (ZipEntryInfo entry : archive.entries()) {
            if (own.containsKey(entry.name())) {
                continue;
            }
            if (overlays.covers(entry.name())) {
                writer.store(entry.name(), entry.size(), sink -> overlays.write(entry.name(), sink));
            } else if (overlays.coversInside(entry.name())) {
                ByteSource inner = archive.content(entry);
                ZipPatches patches = new ZipPatches(inner);
                NestedZip.patch(patches, entry.name(), inner, overlays);
                writer.store(entry.name(), entry.size(), patches::write);
            } else {
                writer.copy(archive, entry);
            }
        }
        for (Map.Entry<String, String> entry : own.entrySet()) {
            writer.store(entry.getKey(), entry.getValue().getBytes(StandardCharsets.UTF_8));
        }
        writer.finish();
    }

    private static String record(TorchZip zip, String prefix, String key) {
        if (!key.startsWith(OWN)) {
            throw new IllegalArgumentException(
                    "metadata '" + key + "' cannot be kept in a PyTorch archive; its name must begin " + "with " + OWN);
        }
        return zip.root() + prefix + key.substring(OWN.length()) + ".json";
    }

    /**
     * Copies a legacy file, in which every byte keeps its place.
     *
     * @param source the file
     * @param storages its storages
     * @param overlays what changes
     * @param channel empty, open for writing
     */
    static void legacy(ByteSource source, Iterable<Storage> storages, StorageOverlays overlays, FileChannel channel)
            throws IOException {
        long at = 0;
        for (Storage storage : storages) { // in the order of the file
            long from = storage.bytes().filePosition(0);
            copy(source, at, from, channel);
            if (overlays.covers(storage.key())) {
                overlays.write(storage.key(), bytes -> append(channel, bytes));
            } else {
                copy(source, from, from + storage.bytes().size(), channel);
            }
            at = from + storage.bytes().size();
        }
        copy(source, at, source.size(), channel);
    }

    private static void copy(ByteSource source, long from, long to, FileChannel channel) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long at = from; at < to; at += chunk.limit()) {
            source.read(at, chunk.clear().limit((int) Math.min(CHUNK, to - at)));
            append(channel, chunk.flip());
        }
    }

    private static void append(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
