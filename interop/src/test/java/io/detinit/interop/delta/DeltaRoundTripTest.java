package io.detinit.interop.delta;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchFile;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is packed comes back: bit for bit with threshold 0, else the kept values and w0. */
class DeltaRoundTripTest {

    /** The shapes of {@link DeltaModels#PLAN} as PyTorch would draw them. */
    private static final String REPLAYED = """
            {"format":"detinit-plan/1","algorithm":"torch-mt19937/1","seed":42,"tensors":[
            {"name":"fc1.weight","shape":[71,93],"rule":"linear","fan":93,"draw":0,"variant":"fused"},
            {"name":"fc1.bias","shape":[71],"rule":"linear","fan":93,"draw":6603,"variant":"fused"},
            {"name":"conv.weight","shape":[4,3,3,5],"rule":"linear","fan":45,"draw":6674,"variant":"separate"},
            {"name":"still.weight","shape":[6,7],"rule":"linear","fan":7,"draw":6854,"variant":"fused"}]}""";

    @TempDir
    Path folder;

    private Path write(String name, List<TensorView> tensors, Map<String, String> metadata) throws IOException {
        Path path = folder.resolve(name);
        SafetensorsWriter.write(path, tensors, metadata);
        return path;
    }

    private static Plan plan(String kind) throws IOException {
        return kind.equals("addressed") ? DeltaModels.PLAN : PlanJson.read(REPLAYED, "test");
    }

    @ParameterizedTest
    @CsvSource({
        "addressed,F32",
        "addressed,F16",
        "addressed,BF16",
        "addressed,F64",
        "replayed,F32",
        "replayed,F16",
        "replayed,BF16",
        "replayed,F64"
    })
    void thresholdZeroIsExact(String kind, DType dtype) throws IOException {
        Plan plan = plan(kind);
        List<TensorView> tensors = DeltaModels.model(plan, dtype);
        Map<String, String> metadata = Map.of("note", "kept", Checkpoint.PLAN_KEY, PlanJson.write(plan));
        Path source = write("in.safetensors", tensors, metadata);
        DeltaReport report = DeltaModels.pack(source, plan, folder.resolve("d"));
        assertTrue(report.delta().exact());
        assertEquals(DeltaTensor.Form.INITIAL, report.delta().tensors().get(3).form(), "unmoved tensors need no bytes");
        assertEquals(DeltaTensor.Form.WHOLE, report.delta().tensors().get(1).form(), "most of the bias moved");
        assertTrue(report.delta().kept() > 0 && report.delta().kept() < 0.3 * (71 * 93 + 180));
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"))) {
            DeltaModels.same(tensors, delta.tensors());
            assertEquals(metadata, delta.metadata());
        }
        assertEquals(
                "safetensors",
                DeltaModels.unpack(folder.resolve("d"), folder.resolve("o.safetensors"))
                        .format());
        DeltaModels.sameFiles(source, folder.resolve("o.safetensors"));
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("o.safetensors"))) {
            assertEquals(metadata, file.metadata());
        }
    }

    /** Where there are no files to be written at any place, the same bytes come one after the other. */
    @Test
    void streamsHaveTheBytesOfFiles() throws IOException {
        Path source = write("in.safetensors", DeltaModels.model(DeltaModels.PLAN, DType.BF16), Map.of("note", "kept"));
        Path target = folder.resolve("d");
        DeltaPacker packer = new DeltaPacker(DeltaOptions.exact(1));
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            DeltaReport whole = packer.pack(checkpoint, DeltaModels.PLAN, target, done -> {});
            assertEquals(whole, packer.pack(checkpoint, DeltaModels.PLAN, Optional.empty(), folder, packed));
            assertArrayEquals(Files.readAllBytes(target), packed.toByteArray());
            try (DeltaFile delta = DeltaFile.open(target)) {
                assertEquals(whole, delta.report(Files.size(target)), "what is read back is what was reported");
                ByteArrayOutputStream unpacked = new ByteArrayOutputStream();
                DeltaUnpacker.unpack(delta, unpacked);
                assertArrayEquals(Files.readAllBytes(source), unpacked.toByteArray());
            }
        }
    }

    /** A file of PyTorch, of which the delta holds the container, and of which nothing is left in the temporary folder. */
    @Test
    void streamsOfAnotherFormat() throws IOException {
        Path source = folder.resolve("in.pt");
        TorchStateDictWriter.write(source, DeltaModels.model(DeltaModels.PLAN, DType.F32), Map.of(), Map.of());
        Path target = folder.resolve("d");
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        DeltaPacker packer = new DeltaPacker(DeltaOptions.exact(2));
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            DeltaReport whole = packer.pack(checkpoint, DeltaModels.PLAN, target, done -> {});
            assertTrue(whole.skeletonBytes() > 0);
            assertEquals(whole, packer.pack(checkpoint, DeltaModels.PLAN, Optional.empty(), temporary, packed));
            assertThrows(
                    NoSuchFileException.class,
                    () -> packer.pack(
                            checkpoint,
                            DeltaModels.PLAN,
                            Optional.empty(),
                            temporary.resolve("none"),
                            new ByteArrayOutputStream()));
        }
        assertArrayEquals(Files.readAllBytes(target), packed.toByteArray());
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(0, left.count());
        }
        try (DeltaFile delta = DeltaFile.open(target)) {
            Path out = folder.resolve("o.pt");
            DeltaUnpacker.unpack(delta, DeltaUnpacker.Container.SKELETON, out, TorchFile::open);
            assertArrayEquals(Files.readAllBytes(source), Files.readAllBytes(out));
        }
    }

    @Test
    void theFileDoesNotDependOnTheThreads() throws IOException {
        Path source = write("in", large(), Map.of());
        byte[] first = null;
        for (int threads : new int[] {1, 3}) {
            Path target = folder.resolve("d" + threads);
            try (Checkpoint checkpoint = Checkpoints.open(source)) {
                new DeltaPacker(DeltaOptions.exact(threads)).pack(checkpoint, largePlan(), target, done -> {});
            }
            byte[] bytes = Files.readAllBytes(target);
            assertArrayEquals(first == null ? bytes : first, bytes);
            first = bytes;
        }
    }

    /** Three chunks, the last one not of whole words; the middle one unmoved. */
    private static Plan largePlan() {
        return new Plan.Addressed(new InitPlan(
                7, List.of(new PlannedTensor("w", TensorShape.of(3, (1 << 19) - 77, 1), 0, Scheme.HE))));
    }

    private static List<TensorView> large() {
        float[] w = ((Plan.Addressed) largePlan()).plan().init("w").toArray();
        Random random = new Random(3);
        for (int k = 0; k < w.length; k++) {
            boolean all = k > 200_000 && k < 300_000;
            if ((all || random.nextInt(5) == 0) && k / Chunk.BITS != 1) {
                w[k] += 1;
            }
        }
        return List.of(ArrayTensor.of("w", TensorShape.of(3, (1 << 19) - 77, 1), w));
    }

    @Test
    void anyRangeIsRead() throws IOException {
        TensorView original = large().get(0);
        DeltaModels.pack(write("in", large(), Map.of()), largePlan(), folder.resolve("d"));
        ByteBuffer expected = DeltaModels.read(original);
        Random random = new Random(5);
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"))) {
            TensorView tensor = delta.find("w").orElseThrow();
            for (int k = 0; k < 300; k++) {
                int length = random.nextInt(1 << random.nextInt(20));
                int from = random.nextInt(expected.capacity() - length + 1);
                ByteBuffer found = ByteBuffer.allocate(length + 3).position(3);
                tensor.readBytes(from, found);
                assertEquals(0, found.remaining());
                assertEquals(expected.slice(from, length), found.position(3), from + " " + length);
            }
            assertEquals(expected, DeltaModels.read(tensor));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> tensor.readBytes(expected.capacity() - 2, ByteBuffer.allocate(3)));
        }
    }

    @Test
    void blocksAreTheTensors() throws IOException {
        DeltaModels.pack(write("in", large(), Map.of()), largePlan(), folder.resolve("d"));
        List<TensorView> small = DeltaModels.model(DeltaModels.PLAN, DType.F16);
        DeltaModels.pack(write("in2", small, Map.of()), DeltaModels.PLAN, folder.resolve("d2"));
        blocks(folder.resolve("d"), large());
        blocks(folder.resolve("d2"), small);
    }

    private static void blocks(Path file, List<TensorView> expected) throws IOException {
        try (DeltaFile delta = DeltaFile.open(file)) {
            for (int threads : new int[] {1, 3}) {
                Map<String, ByteBuffer> found = new ConcurrentHashMap<>();
                for (TensorView tensor : expected) {
                    int size = (int) tensor.info().bytes();
                    found.put(tensor.info().name(), ByteBuffer.allocate(size));
                }
                delta.restore(
                        threads,
                        (tensor, position, bytes) ->
                                found.get(tensor.info().name()).put((int) position, bytes, 0, bytes.remaining()));
                for (TensorView tensor : expected) {
                    assertEquals(
                            DeltaModels.read(tensor), found.get(tensor.info().name()));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0,F32", "1,F32", "0.5,F16", "0.5,F64", "0.03,BF16"})
    void masksAreObeyed(double density, DType dtype) throws IOException {
        Path source = write("in", DeltaModels.model(DeltaModels.PLAN, dtype), Map.of());
        Random random = new Random(1);
        Mask mask = Mask.of(TensorShape.of(71, 93), element -> random.nextDouble() < density);
        packed(source, Map.of("fc1.weight", mask), ValueType.FILE);
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"));
                Checkpoint checkpoint = Checkpoints.open(source)) {
            assertFalse(delta.delta().exact());
            DeltaTensor record = delta.delta().tensors().get(0);
            assertEquals(mask.kept(), record.kept());
            Plan.Entry entry = DeltaModels.PLAN.find("fc1.weight").orElseThrow();
            int size = dtype.bytes();
            ByteBuffer trained = DeltaModels.read(checkpoint.find("fc1.weight").orElseThrow());
            ByteBuffer initial = DeltaModels.read(new InitialTensor(record.info(), entry.values()));
            ByteBuffer found = DeltaModels.read(delta.find("fc1.weight").orElseThrow());
            for (int k = 0; k < mask.size(); k++) {
                ByteBuffer from = mask.keeps(k) ? trained : initial;
                assertEquals(from.slice(k * size, size), found.slice(k * size, size), "element " + k);
            }
            for (String other : List.of("fc1.bias", "conv.weight", "bn.running_mean")) {
                assertEquals(
                        DeltaModels.read(checkpoint.find(other).orElseThrow()),
                        DeltaModels.read(delta.find(other).orElseThrow()),
                        other);
            }
        }
    }

    private DeltaReport packed(Path source, Map<String, Mask> masks, ValueType values) throws IOException {
        DeltaOptions options = new DeltaOptions(values, 2, "test", Optional.of("{\"criterion\":\"movement\"}"));
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            return new DeltaPacker(options).pack(checkpoint, DeltaModels.PLAN, masks, folder.resolve("d"), done -> {});
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = ValueType.class,
            names = {"FP16", "BF16"})
    void keptValuesAreRounded(ValueType type) throws IOException {
        float[] w =
                ((Plan.Addressed) DeltaModels.PLAN).plan().init("fc1.weight").toArray();
        float[] big = w.clone();
        for (int k = 0; k < w.length; k++) {
            w[k] += k % 4 == 0 ? 0.1f : 0;
            big[k] = k == 8 ? 1e38f * 3.4f : w[k];
        }
        TensorShape shape = TensorShape.of(71, 93);
        Plan one = plan(DeltaModels.PLAN, "fc1.weight");
        for (boolean overflows : new boolean[] {false, true}) {
            Path source = write(
                    "in" + overflows, List.of(ArrayTensor.of("fc1.weight", shape, overflows ? big : w)), Map.of());
            DeltaReport report;
            try (Checkpoint checkpoint = Checkpoints.open(source)) {
                report = new DeltaPacker(new DeltaOptions(type, 2, "test", Optional.empty()))
                        .pack(checkpoint, one, folder.resolve("d"), done -> {});
            }
            assertEquals(overflows, report.delta().exact(), "a tensor that overflows keeps its own dtype");
            assertEquals(overflows ? 1 : 0, report.notes().size());
            assertEquals(1651, report.delta().kept());
            assertEquals(1651L * (overflows ? 4 : 2), report.valueBytes());
            float[] found = new float[w.length];
            try (DeltaFile delta = DeltaFile.open(folder.resolve("d"))) {
                delta.find("fc1.weight").orElseThrow().readFloats(0, found, 0, found.length);
            }
            float[] expected = overflows ? big : w.clone();
            for (int k = 0; !overflows && k < w.length; k += 4) {
                expected[k] = type == ValueType.FP16
                        ? ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(w[k]))
                        : ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16(w[k]));
            }
            assertArrayEquals(expected, found);
        }
    }

    private static Plan plan(Plan whole, String name) {
        return whole.forFile(Map.of(name, name), Map.of());
    }

    /** LeNet-300-100 with 80 % of its 266,200 weights dropped by chance: the mask that compresses worst. */
    @Test
    void lenetIsFourTimesSmaller() throws IOException {
        List<PlannedTensor> planned = List.of(
                new PlannedTensor("fc1.weight", TensorShape.of(300, 784), 0, Scheme.HE),
                new PlannedTensor("fc1.bias", TensorShape.of(300), -1, Scheme.ZEROS),
                new PlannedTensor("fc2.weight", TensorShape.of(100, 300), 1, Scheme.HE),
                new PlannedTensor("fc2.bias", TensorShape.of(100), -1, Scheme.ZEROS),
                new PlannedTensor("fc3.weight", TensorShape.of(10, 100), 2, Scheme.HE),
                new PlannedTensor("fc3.bias", TensorShape.of(10), -1, Scheme.ZEROS));
        InitPlan init = new InitPlan(42, planned);
        List<TensorView> tensors = new java.util.ArrayList<>();
        Map<String, Mask> masks = new TreeMap<>();
        Random random = new Random(11);
        for (PlannedTensor tensor : planned) {
            float[] w = init.init(tensor.name()).toArray();
            for (int k = 0; k < w.length; k++) {
                w[k] += (float) random.nextGaussian() * 0.01f;
            }
            tensors.add(ArrayTensor.of(tensor.name(), tensor.shape(), w));
            if (tensor.shape().rank() == 2) {
                masks.put(tensor.name(), Mask.of(tensor.shape(), element -> random.nextInt(5) == 0));
            }
        }
        Path source = write("in", tensors, Map.of());
        double dense = Files.size(source);
        for (ValueType type : List.of(ValueType.FILE, ValueType.FP16)) {
            try (Checkpoint checkpoint = Checkpoints.open(source)) {
                DeltaReport report = new DeltaPacker(new DeltaOptions(type, 2, "detinit", Optional.empty()))
                        .pack(checkpoint, new Plan.Addressed(init), masks, folder.resolve("d"), done -> {});
                double ratio = dense / report.bytes();
                assertEquals(report.bytes(), Files.size(folder.resolve("d")));
                assertTrue(ratio >= (type == ValueType.FILE ? 4.0 : 7.5), type + ": " + ratio);
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        Path source = write("in", DeltaModels.model(DeltaModels.PLAN, DType.F32), Map.of());
        Mask small = Mask.of(TensorShape.of(2, 2), element -> true);
        for (Map<String, Mask> masks :
                List.of(Map.of("fc1.weight", small), Map.of("other", small), Map.of("bn.running_mean", small))) {
            assertThrows(IllegalArgumentException.class, () -> packed(source, masks, ValueType.FILE));
        }
        Plan other = new Plan.Addressed(
                new InitPlan(1, List.of(new PlannedTensor("fc1.weight", TensorShape.of(93, 71), 0, Scheme.HE))));
        IllegalArgumentException wrong = assertThrows(
                IllegalArgumentException.class, () -> DeltaModels.pack(source, other, folder.resolve("d")));
        assertTrue(wrong.getMessage().contains("another model"), wrong.getMessage());
        assertFalse(Files.exists(folder.resolve("d")));
        DeltaModels.pack(source, DeltaModels.PLAN, folder.resolve("d"));
        for (String name : List.of("a.onnx", "a.npz", "a")) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> DeltaModels.unpack(folder.resolve("d"), folder.resolve(name)));
            assertTrue(e.getMessage().contains("--template"), e.getMessage());
        }
    }
}
