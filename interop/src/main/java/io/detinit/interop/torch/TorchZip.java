package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A PyTorch archive: a zip whose records all lie in one folder ({@code caffe2/serialize/inline_container.cc}). Archives that were
 * zipped by hand without that folder are read too.
 *
 * @param archive the zip
 * @param root the folder with its slash; empty where there is none
 */
record TorchZip(ZipArchive archive, String root) {

    static final int MAX_PICKLE = 1 << 30;
    private static final int MAX_SMALL = 1 << 20;
    private static final int MAX_METADATA = 1 << 26;

    /** Opens an archive. */
    static TorchZip open(ByteSource source) throws IOException {
        return of(ZipArchive.open(source));
    }

    /** The records' folder is that of the first entry. */
    static TorchZip of(ZipArchive archive) {
        String root = archive.entries().stream()
                .map(ZipEntryInfo::name)
                .filter(name -> !name.startsWith("__MACOSX/"))
                .findFirst()
                .map(name -> name.substring(0, name.indexOf('/') + 1))
                .orElse("");
        boolean alone = archive.find("data.pkl").isPresent()
                || archive.find("serialized_exported_program.json").isPresent();
        return new TorchZip(archive, alone ? "" : root);
    }

    boolean has(String record) {
        return archive.find(root + record).isPresent();
    }

    /** A record's content; empty where there is none. */
    Optional<ByteSource> record(String name) throws IOException {
        Optional<ZipEntryInfo> entry = archive.find(root + name);
        return entry.isEmpty() ? Optional.empty() : Optional.of(archive.content(entry.get()));
    }

    /** A small record as text, without spaces around it. */
    Optional<String> text(String name) throws IOException {
        Optional<ByteSource> bytes = record(name);
        return bytes.isEmpty()
                ? Optional.empty()
                : Optional.of(new String(bytes.get().readAll(MAX_SMALL), StandardCharsets.UTF_8).strip());
    }

    /** Names of records below a folder, without the root. */
    List<String> below(String folder) {
        List<String> names = new ArrayList<>();
        for (ZipEntryInfo entry : archive.entries()) {
            if (entry.name().startsWith(root + folder) && !entry.folder()) {
                names.add(entry.name().substring(root.length()));
            }
        }
        return names;
    }

    /** Absent means little-endian (PyTorch since 2.1; older ones wrote what their machine had, which was that as a rule). */
    boolean bigEndian() throws IOException {
        Optional<String> order = text("byteorder");
        if (order.isPresent() && !order.get().equals("little") && !order.get().equals("big")) {
            throw MalformedFileException.of(
                    archive.source().name(), "record byteorder", "'" + order.get() + "'", "little or big");
        }
        return order.isPresent() && order.get().equals("big");
    }

    /** A pickle of the archive, with storages that lie under a prefix. */
    PickleFile pickle(String record, String storagePrefix, String storageSuffix) throws IOException {
        String name = archive.source().name();
        Optional<ByteSource> pickle = record(record);
        if (pickle.isEmpty()) {
            throw MalformedFileException.of(name, "archive", "no record " + root + record, "one");
        }
        if (pickle.get().size() > MAX_PICKLE) {
            throw MalformedFileException.of(
                    name, "record " + record, pickle.get().size() + " bytes", "at most " + MAX_PICKLE);
        }
        ZipStorages storages = new ZipStorages(archive, key -> root + storagePrefix + key + storageSuffix, bigEndian());
        return PickleFile.read(name, pickle.get(), storages);
    }

    /** This project's own records: {@code detinit.plan} lies at prefix + {@code plan.json}. */
    Map<String, String> metadata(String prefix) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (String record : below(prefix)) {
            if (record.endsWith(".json")) {
                String key = record.substring(prefix.length(), record.length() - ".json".length());
                byte[] text = record(record).orElseThrow().readAll(MAX_METADATA);
                metadata.put("detinit." + key, new String(text, StandardCharsets.UTF_8));
            }
        }
        return metadata;
    }
}
