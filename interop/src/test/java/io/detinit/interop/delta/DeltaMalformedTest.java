package io.detinit.interop.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.DamagedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged and hostile delta files: refused in one line, before anything large is made. */
class DeltaMalformedTest {

    @TempDir
    Path folder;

    private Path delta = Path.of("");
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    @BeforeEach
    void pack() throws IOException {
        Path source = folder.resolve("in.pt");
        TorchStateDictWriter.write(source, DeltaModels.model(DeltaModels.PLAN, DType.F32), Map.of(), Map.of());
        delta = folder.resolve("d");
        DeltaModels.pack(source, DeltaModels.PLAN, delta);
        try (SafetensorsFile file = SafetensorsFile.open(delta)) {
            metadata.putAll(file.metadata());
            for (TensorView tensor : file.tensors()) {
                tensors.put(tensor.info().name(), ArrayTensor.of(tensor.info(), DeltaModels.read(tensor)));
            }
        }
    }

    /** Writes what the maps say, and reads all of it. */
    private void read() throws IOException {
        Path path = folder.resolve("changed");
        SafetensorsWriter.write(path, List.copyOf(tensors.values()), metadata);
        try (DeltaFile file = DeltaFile.open(path)) {
            for (TensorView tensor : file.tensors()) {
                DeltaModels.read(tensor);
            }
            DeltaUnpacker.unpack(file, DeltaUnpacker.Container.SKELETON, folder.resolve("out.pt"));
        }
    }

    private void refused(String found) {
        MalformedFileException e = assertThrows(MalformedFileException.class, this::read);
        assertTrue(e.getMessage().contains(found), e.getMessage());
        assertTrue(e.getMessage().contains("changed"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    private void change(String name, UnaryOperator<ByteBuffer> edit) throws IOException {
        TensorView tensor = tensors.get(name);
        ByteBuffer bytes = edit.apply(DeltaModels.read(tensor));
        TensorInfo info = tensor.info();
        int elements = bytes.remaining() / info.dtype().bytes();
        tensors.put(
                name, ArrayTensor.of(new TensorInfo(name, info.dtype(), TensorShape.of(elements), info.kind()), bytes));
    }

    private void record(String from, String to) {
        String text = metadata.getOrDefault(DeltaJson.KEY, "");
        assertTrue(text.contains(from), text);
        metadata.put(DeltaJson.KEY, text.replace(from, to));
    }

    @Test
    void anUnchangedFileIsRead() throws IOException {
        read();
        DeltaModels.sameFiles(folder.resolve("in.pt"), folder.resolve("out.pt"));
    }

    @Test
    void masksAreChecked() throws IOException {
        String name = "fc1.weight.mask";
        List<UnaryOperator<ByteBuffer>> edits = List.of(
                bytes -> bytes.putInt(0, bytes.getInt(0) + 1), // another number of ones
                bytes -> bytes.putInt(0, -1),
                bytes -> bytes.putInt(4, bytes.getInt(4) + 1), // longer than there is
                bytes -> bytes.put(7, (byte) 9), // no such encoding
                bytes -> bytes.put(7, (byte) 0), // zeros with a payload
                bytes -> bytes.put(20, (byte) ~bytes.get(20)), // another mask, or no stream
                bytes -> bytes.slice(0, bytes.limit() - 1), // cut
                bytes -> bytes.slice(0, 4));
        for (UnaryOperator<ByteBuffer> edit : edits) {
            TensorView before = tensors.get(name);
            change(name, edit);
            refused(name);
            tensors.put(name, before);
        }
    }

    @Test
    void valuesMustBeAsManyAsTheMaskKeeps() throws IOException {
        change("fc1.weight.values", bytes -> bytes.slice(0, bytes.limit() - 4));
        refused("fc1.weight.values");
    }

    @Test
    void theRecordMustFit() {
        List<String[]> edits = new ArrayList<>();
        edits.add(new String[] {"detinit-delta/1", "detinit-delta/9", "this version reads"});
        edits.add(new String[] {"\"exact\":true", "\"exact\":1", "exact"});
        edits.add(new String[] {"[71,93]", "[93,71]", "as the plan says"});
        edits.add(new String[] {"[71,93]", "[71,94]", "as the plan says"});
        edits.add(new String[] {"[71,93]", "[4611686018427387904,93]", "shape"});
        edits.add(new String[] {"[71,93]", "[-1]", "shape"});
        edits.add(new String[] {"\"form\":\"masked\"", "\"form\":\"tied\",\"tied\":\"later\"", "unsupported"});
        edits.add(new String[] {"still.weight", "other.weight", "plan"});
        edits.add(new String[] {"\"form\":\"initial\"", "\"form\":\"whole\"", "still.weight.whole"});
        edits.add(new String[] {"\"skeleton\":", "\"skeleton\":9", "detinit.skeleton"});
        edits.add(new String[] {"\"skeleton\":", "\"skeletons\":", "skeletons"});
        edits.add(new String[] {"{", "[", "JSON"});
        for (String[] edit : edits) {
            String before = metadata.getOrDefault(DeltaJson.KEY, "");
            record(edit[0], edit[1]);
            MalformedFileException e = assertThrows(MalformedFileException.class, this::read, edit[1]);
            assertEquals(1, e.getMessage().lines().count());
            assertTrue(
                    edit[2].equals("unsupported") || e.getMessage().contains(edit[2]), edit[1] + ": " + e.getMessage());
            metadata.put(DeltaJson.KEY, before);
        }
    }

    @Test
    void whatIsNotADeltaIsSaidToBeNone() {
        metadata.remove(DeltaJson.KEY);
        refused("no detinit.delta");
    }

    @Test
    void aForeignSkeletonIsRefused() throws IOException {
        byte[] nonsense = new byte[100];
        nonsense[0] = 77;
        Chunk chunk = Chunk.encode(nonsense);
        change(DeltaFile.SKELETON, old -> {
            ByteBuffer bytes = ByteBuffer.allocate(8 + chunk.payload().length)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .putLong(ChunkTable.entry(0, chunk));
            return bytes.put(chunk.payload()).flip();
        });
        metadata.put(
                DeltaJson.KEY,
                metadata.getOrDefault(DeltaJson.KEY, "").replaceAll("\"skeleton\":[0-9]+", "\"skeleton\":100"));
        refused("container");
    }

    @Test
    void moreThanTheDiskHoldsIsRefused() throws IOException {
        record("\"shape\":[6,7]", "\"shape\":[1152921504606846976,1]");
        String plan = metadata.getOrDefault("detinit.plan", "");
        metadata.put("detinit.plan", plan.replace("[6,7]", "[1152921504606846976,1]"));
        Path path = folder.resolve("changed");
        SafetensorsWriter.write(path, List.copyOf(tensors.values()), metadata);
        try (DeltaFile file = DeltaFile.open(path)) {
            IOException e = assertThrows(
                    IOException.class,
                    () -> DeltaUnpacker.unpack(
                            file, DeltaUnpacker.Container.SAFETENSORS, folder.resolve("out.safetensors")));
            assertTrue(e.getMessage().contains("the disk has"), e.getMessage());
        }
    }

    /** A small delta with every form of tensor: 2 KB, most of it header. */
    private byte[] small() throws IOException {
        Plan plan = new Plan.Addressed(new InitPlan(
                42,
                List.of(
                        new PlannedTensor("fc.weight", TensorShape.of(20, 19), 0, Scheme.HE),
                        new PlannedTensor("still.weight", TensorShape.of(3, 4), 1, Scheme.XAVIER))));
        Path source = folder.resolve("small.pt");
        TensorView moved = DeltaModels.trained(plan, "fc.weight", DType.F32, 0.3);
        List<TensorView> model = List.of(
                moved,
                DeltaModels.trained(plan, "still.weight", DType.F32, 0),
                ArrayTensor.of("bias", TensorShape.of(2), new float[] {1, 2}),
                ArrayTensor.of(
                        new TensorInfo("tied.weight", DType.F32, moved.info().shape(), TensorInfo.Kind.PARAMETER),
                        DeltaModels.read(moved)));
        TorchStateDictWriter.write(source, model, Map.of("tied.weight", "fc.weight"), Map.of());
        DeltaReport report = DeltaModels.pack(source, plan, folder.resolve("s"));
        assertEquals(
                4,
                report.delta().tensors().stream()
                        .map(DeltaTensor::form)
                        .distinct()
                        .count());
        return Files.readAllBytes(folder.resolve("s"));
    }

    @Test
    void damage() throws IOException {
        DamagedFiles.fuzz(folder, List.of(small()), DeltaFile::open);
    }

    @Test
    void truncation() throws IOException {
        DamagedFiles.truncate(folder, small(), DeltaFile::open);
    }
}
