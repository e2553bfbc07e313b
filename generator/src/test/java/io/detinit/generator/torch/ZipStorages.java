package io.detinit.generator.torch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The raw storages of a zip that {@code torch.save} or {@code torch.package} wrote, in the order they were pickled in. */
final class ZipStorages {

    private static final Pattern STORAGE = Pattern.compile("[^/]*/(?:data/(\\d+)|\\.data/(\\d+)\\.storage)");

    private ZipStorages() {}

    /** The bytes by number; for a state dict of contiguous tensors that share nothing, the order of the state dict. */
    static Map<Integer, byte[]> read(Path file) throws IOException {
        Map<Integer, byte[]> storages = new TreeMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                ZipEntry entry = all.nextElement();
                Matcher name = STORAGE.matcher(entry.getName());
                if (name.matches()) {
                    String number = name.group(1) == null ? name.group(2) : name.group(1);
                    storages.put(
                            Integer.valueOf(number), zip.getInputStream(entry).readAllBytes());
                }
            }
        }
        return storages;
    }
}
