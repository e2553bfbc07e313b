package io.detinit.interop.interrupt;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.TensorShape;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Models of two matrices [1024, 1024] whose elements are all one number, so that a mixture of two writes shows. */
enum WrittenModel {
    SAFETENSORS("model.safetensors"),
    TORCH("model.pt"),
    NPZ("model.npz"),
    ONNX("model.onnx"),
    ONNX_EXTERNAL("external.onnx");

    static final List<String> NAMES = List.of("a", "b");
    static final TensorShape SHAPE = TensorShape.of(1024, 1024);
    private static final int BYTES = 4 << 20;

    private final String file;

    WrittenModel(String file) {
        this.file = file;
    }

    Path in(Path folder) {
        return folder.resolve(file);
    }

    /** All replaced by one number. */
    static Map<String, TensorView> filled(float number) {
        Map<String, TensorView> replacements = new HashMap<>();
        NAMES.forEach(name -> replacements.put(name, new Filled(name, number)));
        return replacements;
    }

    private record Filled(String name, float number) implements TensorView {
        @Override
        public TensorInfo info() {
            return new TensorInfo(name, DType.F32, SHAPE, TensorInfo.Kind.PARAMETER);
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) {
            ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            while (out.hasRemaining()) {
                out.putFloat(number);
            }
            destination.position(destination.limit());
        }
    }

    /** Writes the model with all elements 0. */
    void create(Path folder) throws IOException {
        Path path = in(folder);
        switch (this) {
            case SAFETENSORS ->
                SafetensorsWriter.write(
                        path,
                        NAMES.stream()
                                .map(name -> ArrayTensor.of(name, SHAPE, new float[BYTES / 4]))
                                .toList(),
                        Map.of());
            case TORCH -> torch(path);
            case NPZ -> npz(path);
            case ONNX -> onnx(path, false);
            case ONNX_EXTERNAL -> {
                onnx(path, true);
                Files.write(folder.resolve("weights.bin"), new byte[2 * BYTES]);
            }
        }
    }

    /**
     * The number that all elements are.
     *
     * @throws IllegalStateException if they differ
     */
    static float number(Checkpoint checkpoint) throws IOException {
        float first = Float.NaN;
        for (String name : NAMES) {
            TensorView tensor = checkpoint.find(name).orElseThrow();
            float[] values = new float[BYTES / 4];
            tensor.readFloats(0, values, 0, values.length);
            first = Float.isNaN(first) ? values[0] : first;
            for (int k = 0; k < values.length; k++) {
                if (values[k] != first) {
                    throw new IllegalStateException(checkpoint.path() + ": " + name + "[" + k + "] is " + values[k]
                            + ", the first is " + first);
                }
            }
        }
        return first;
    }

    /** Removes the data files to which a model no longer refers. */
    static void removeOldData(Checkpoint checkpoint) throws IOException {
        Path path = checkpoint.path().toAbsolutePath();
        String used = checkpoint.find("a").orElseThrow().location().split(",", 2)[0];
        try (Stream<Path> files = Files.list(path.resolveSibling("."))) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.startsWith(path.getFileName() + ".") && name.endsWith(".data") && !name.equals(used)) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void onnx(Path path, boolean external) throws IOException {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 1024))
                .addOutput(TestModels.value("y", -1, 1024))
                .addNode(TestModels.node("MatMul", "h", "x", "a"))
                .addNode(TestModels.node("MatMul", "y", "h", "b"));
        long offset = 0;
        for (String name : NAMES) {
            OnnxMl.TensorProto.Builder tensor = TestModels.tensor(name, 1, 1024, 1024);
            if (external) {
                tensor.setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                        .addExternalData(entry("location", "weights.bin"))
                        .addExternalData(entry("offset", Long.toString(offset)))
                        .addExternalData(entry("length", Long.toString(BYTES)));
            } else {
                tensor.setRawData(com.google.protobuf.ByteString.copyFrom(new byte[BYTES]));
            }
            graph.addInitializer(tensor);
            offset += BYTES;
        }
        Files.write(path, TestModels.model(graph).build().toByteArray());
    }

    private static OnnxMl.StringStringEntryProto entry(String key, String value) {
        return OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build();
    }

    private static void npz(Path path) throws IOException {
        String text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1024, 1024), }";
        String padded = text + " ".repeat(118 - text.length() - 1) + "\n";
        try (FileChannel channel = newFile(path)) {
            ZipWriter zip = new ZipWriter(channel);
            for (String name : NAMES) {
                ByteBuffer npy = ByteBuffer.allocate(128 + BYTES).order(ByteOrder.LITTLE_ENDIAN);
                npy.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
                npy.put((byte) 1).put((byte) 0).putShort((short) 118);
                npy.put(padded.getBytes(StandardCharsets.US_ASCII));
                zip.store(name + ".npy", npy.array());
            }
            zip.finish();
        }
    }

    private static void torch(Path path) throws IOException {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        put(pickle, "\u0080\u0002}(");
        for (String name : NAMES) {
            text(pickle, name);
            put(pickle, "ctorch._utils\n_rebuild_tensor_v2\n((");
            text(pickle, "storage");
            put(pickle, "ctorch\nFloatStorage\n");
            text(pickle, name);
            text(pickle, "cpu");
            number(pickle, BYTES / 4);
            put(pickle, "tQK\u0000");
            number(pickle, 1024);
            number(pickle, 1024);
            put(pickle, "\u0086");
            number(pickle, 1024);
            put(pickle, "K\u0001\u0086\u0089ccollections\nOrderedDict\n)RtR");
        }
        put(pickle, "u.");
        try (FileChannel channel = newFile(path)) {
            ZipWriter zip = new ZipWriter(channel);
            zip.store("archive/data.pkl", pickle.toByteArray());
            for (String name : NAMES) {
                zip.storeZeros("archive/data/" + name, BYTES);
            }
            zip.store("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
            zip.finish();
        }
    }

    private static FileChannel newFile(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private static void put(ByteArrayOutputStream pickle, String opcodes) {
        pickle.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void number(ByteArrayOutputStream pickle, int number) {
        pickle.write('J');
        pickle.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array());
    }

    private static void text(ByteArrayOutputStream pickle, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        pickle.write('X');
        pickle.writeBytes(ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(utf8.length)
                .array());
        pickle.writeBytes(utf8);
    }
}
