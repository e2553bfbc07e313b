package io.detinit.interop.torch;

import io.detinit.interop.zip.ZipWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** Archives of the form of {@code torch.save}, made record by record. */
final class TestArchives {

    private final Map<String, byte[]> records = new LinkedHashMap<>();

    /** An archive with a pickle. */
    static TestArchives of(byte[] pickle) {
        return new TestArchives()
                .record("data.pkl", pickle)
                .record("byteorder", "little")
                .record("version", "3\n");
    }

    TestArchives record(String name, byte[] content) {
        records.put(name, content);
        return this;
    }

    TestArchives record(String name, String text) {
        return record(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** A float32 storage. */
    TestArchives floats(String key, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return record("data/" + key, bytes.array());
    }

    /** Writes the archive, all records in the folder {@code archive}. */
    Path write(Path path) throws IOException {
        Files.deleteIfExists(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipWriter writer = new ZipWriter(channel);
            for (Map.Entry<String, byte[]> record : records.entrySet()) {
                writer.store("archive/" + record.getKey(), record.getValue());
            }
            writer.finish();
        }
        return path;
    }
}
