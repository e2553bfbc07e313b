package io.detinit.benchmarks;

import io.detinit.interop.zip.ZipWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Checkpoints of gigabytes whose weights are holes of the file system: made at once, and they take no disk. */
final class LargeFiles {

    /** Tensors in a file, of 2^24 float32 each. */
    static final int TENSORS = 80;

    static final long ELEMENTS = 1L << 24;

    private LargeFiles() {}

    /** The bytes of all tensors together: 5 GiB. */
    static long bytes() {
        return TENSORS * ELEMENTS * Float.BYTES;
    }

    private static FileChannel create(Path path) throws IOException {
        Files.deleteIfExists(path);
        return FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE);
    }

    /** Writes a safetensors file. */
    static Path safetensors(Path path) throws IOException {
        StringBuilder json = new StringBuilder("{");
        for (int k = 0; k < TENSORS; k++) {
            long at = k * ELEMENTS * Float.BYTES;
            json.append(k == 0 ? "" : ",")
                    .append("\"layers." + k + ".weight\":{\"dtype\":\"F32\",\"shape\":[4096,4096],\"data_offsets\":["
                            + at + "," + (at + ELEMENTS * Float.BYTES) + "]}");
        }
        byte[] header = json.append("}").toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = create(path)) {
            ByteBuffer start = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
            channel.write(start.putLong(header.length).put(header).flip(), 0);
            channel.write(ByteBuffer.allocate(1), 8 + header.length + bytes() - 1);
        }
        return path;
    }

    /** Writes what {@code torch.save} writes for a state dict. */
    static Path torch(Path path) throws IOException {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        put(pickle, "\u0080\u0002}(");
        for (int k = 0; k < TENSORS; k++) {
            text(pickle, "layers." + k + ".weight");
            put(pickle, "ctorch._utils\n_rebuild_tensor_v2\n((");
            text(pickle, "storage");
            put(pickle, "ctorch\nFloatStorage\n");
            text(pickle, Integer.toString(k));
            text(pickle, "cpu");
            number(pickle, (int) ELEMENTS);
            put(pickle, "tQK\u0000");
            number(pickle, 4096);
            number(pickle, 4096);
            put(pickle, "\u0086");
            number(pickle, 4096);
            put(pickle, "K\u0001\u0086\u0089ccollections\nOrderedDict\n)RtR");
        }
        put(pickle, "u.");
        try (FileChannel channel = create(path)) {
            ZipWriter writer = new ZipWriter(channel);
            writer.store("archive/data.pkl", pickle.toByteArray());
            for (int k = 0; k < TENSORS; k++) {
                writer.storeZeros("archive/data/" + k, ELEMENTS * Float.BYTES);
            }
            writer.store("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
            writer.finish();
        }
        return path;
    }

    private static void put(ByteArrayOutputStream pickle, String opcodes) {
        pickle.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void number(ByteArrayOutputStream pickle, int number) {
        pickle.write('J');
        pickle.writeBytes(ByteBuffer.wrap(new byte[4])
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array());
    }

    private static void text(ByteArrayOutputStream pickle, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        pickle.write('X');
        pickle.writeBytes(ByteBuffer.wrap(new byte[4])
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        pickle.writeBytes(utf8);
    }
}
