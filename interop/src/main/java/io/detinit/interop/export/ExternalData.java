package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.onnx.proto.OnnxMl;
import io.detinit.interop.file.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The data file of a model: the elements of its larger parameters, each at a multiple of 4096 bytes. */
final class ExternalData {

    private static final int ALIGNMENT = 4096;

    /** Smaller ones stay in the model, as other exporters keep them. */
    private static final int SMALLEST = 1024;

    private record Part(NDArray array, long offset) {}

    private final Path path;
    private final List<Part> parts = new ArrayList<>();
    private long size;

    private ExternalData(Path path) {
        this.path = path;
    }

    /** A name that no file has, {@code model.onnx.data}, {@code model.onnx.2.data} and so on: one that is there may belong to another model. */
    static ExternalData beside(Path target) {
        Path absolute = target.toAbsolutePath();
        String name = String.valueOf(absolute.getFileName()).replaceAll("[\\\\:\\p{Cntrl}]", "_");
        Path path = absolute.resolveSibling(name + ".data");
        for (int number = 2; Files.exists(path, LinkOption.NOFOLLOW_LINKS); number++) {
            path = absolute.resolveSibling(name + "." + number + ".data");
        }
        return new ExternalData(path);
    }

    /** Refers a tensor to the data file, or puts the elements of a small one inside. */
    void add(OnnxMl.TensorProto.Builder tensor, NDArray array) {
        long length = Initializers.bytes(array);
        if (length < SMALLEST) {
            ModelBuilder.inside(tensor, array);
            return;
        }
        long offset = Math.addExact(size, -size & (ALIGNMENT - 1));
        parts.add(new Part(array, offset));
        size = Math.addExact(offset, length);
        tensor.setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", String.valueOf(path.getFileName())))
                .addExternalData(entry("offset", Long.toString(offset)))
                .addExternalData(entry("length", Long.toString(length)));
    }

    private static OnnxMl.StringStringEntryProto entry(String key, String value) {
        return OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build();
    }

    /** Writes the data file and then the model; if that fails neither is left. */
    void write(Path target, byte[] model) throws IOException {
        AtomicFile.write(path, this::write);
        try {
            AtomicFile.write(target, model);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    private void write(FileChannel channel) throws IOException {
        for (Part part : parts) {
            channel.position(part.offset());
            ByteBuffer bytes = ByteBuffer.wrap(OnnxTypes.littleEndian(part.array()));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }
}
