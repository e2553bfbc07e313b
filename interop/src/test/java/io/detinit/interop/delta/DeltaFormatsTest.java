package io.detinit.interop.delta;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.InitRules;
import io.detinit.generator.StoredOrder;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.Selection;
import io.detinit.interop.mask.Selector;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A delta of any format goes back to that format, to safetensors and to a state dict. */
class DeltaFormatsTest {

    @TempDir
    Path folder;

    private static Plan planOf(Path file) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            return new Plan.Addressed(DefaultPlan.of(checkpoint, 42, InitRules.he()));
        }
    }

    /** Packs exactly and unpacks into three formats. */
    private void roundTrip(Path source, String name) throws IOException {
        Path delta = folder.resolve("d");
        DeltaModels.pack(source, planOf(source), delta);
        Path own = folder.resolve(name);
        assertEquals(
                DeltaUnpacker.Container.SKELETON, DeltaModels.unpack(delta, own).container());
        DeltaModels.sameFiles(source, own);
        try (Checkpoint first = Checkpoints.open(source);
                Checkpoint second = Checkpoints.open(own)) {
            assertEquals(first.metadata(), second.metadata());
            assertEquals(first.tied(), second.tied());
        }
        Path safetensors = folder.resolve("o.safetensors");
        DeltaModels.unpack(delta, safetensors);
        DeltaModels.sameFiles(source, safetensors);
        try (Checkpoint checkpoint = Checkpoints.open(safetensors)) {
            assertTrue(Checkpoints.plan(checkpoint).isPresent(), "a new file carries the plan");
        }
    }

    @Test
    void stateDict() throws IOException {
        List<TensorView> tensors = new ArrayList<>(DeltaModels.model(DeltaModels.PLAN, DType.F32));
        TensorInfo first = tensors.get(0).info();
        ByteBuffer copy = DeltaModels.read(tensors.get(0));
        tensors.add(io.detinit.interop.tensor.ArrayTensor.of(
                new TensorInfo("head.weight", first.dtype(), first.shape(), first.kind()), copy));
        Path source = folder.resolve("in.pt");
        TorchStateDictWriter.write(source, tensors, Map.of("head.weight", "fc1.weight"), Map.of("detinit.note", "{}"));
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            assertEquals("pytorch", checkpoint.format());
            DeltaModels.same(tensors, checkpoint.tensors());
            assertEquals(Map.of("head.weight", "fc1.weight"), checkpoint.tied());
            assertEquals(Map.of("detinit.note", "{}"), checkpoint.metadata());
        }
        roundTrip(source, "o.pth");
        DeltaModels.pack(folder.resolve("o.safetensors"), DeltaModels.PLAN, folder.resolve("d"));
        assertEquals(
                DeltaUnpacker.Container.STATE_DICT,
                DeltaModels.unpack(folder.resolve("d"), folder.resolve("new.pt"))
                        .container());
        DeltaModels.sameFiles(source, folder.resolve("new.pt"));
    }

    @Test
    void numpyArrays() throws IOException {
        Path source = folder.resolve("in.npz");
        try (OutputStream out = Files.newOutputStream(source);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (TensorView tensor : DeltaModels.model(DeltaModels.PLAN, DType.F32)) {
                if (tensor.info().dtype() != DType.F32 || tensor.info().bytes() == 0) {
                    continue;
                }
                String shape =
                        tensor.info().shape().toString().replace("[", "(").replace("]", ",)");
                String header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
                header += " ".repeat(64 - (header.length() + 11) % 64) + "\n";
                zip.putNextEntry(new ZipEntry(tensor.info().name() + ".npy"));
                zip.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0});
                zip.write(header.getBytes(StandardCharsets.US_ASCII));
                zip.write(DeltaModels.read(tensor).array());
            }
        }
        roundTrip(source, "o.npz");
    }

    /** x W with W [5, 7], inputs first; then a Gemm. */
    private Path onnx() throws IOException {
        Random random = new Random(8);
        float[] w = new float[35];
        for (int k = 0; k < w.length; k++) {
            w[k] = (float) random.nextGaussian();
        }
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder()
                .setName("g")
                .addInput(TestModels.value("x", -1, 5))
                .addOutput(TestModels.value("y", -1, 7))
                .addNode(TestModels.node("MatMul", "h", "x", "onnx::MatMul_3").setName("/fc/MatMul"))
                .addNode(TestModels.node("Add", "y", "fc.bias", "h"))
                .addInitializer(TestModels.raw("fc.bias", new long[] {7}, 0, 0, 0, -0f, 1, 0, 0))
                .addInitializer(TestModels.raw("onnx::MatMul_3", new long[] {5, 7}, w));
        return TestModels.write(folder, TestModels.model(graph));
    }

    @Test
    void transposedWeightsOfOnnx() throws IOException {
        Path source = onnx();
        Plan plan = planOf(source);
        assertEquals(
                StoredOrder.IN_OUT, plan.find("onnx::MatMul_3").orElseThrow().stored());
        roundTrip(source, "o.onnx");
        assertTrue(
                new String(Files.readAllBytes(folder.resolve("o.onnx")), StandardCharsets.ISO_8859_1)
                        .contains("/fc/MatMul"),
                "the graph comes back");
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            Baseline baseline = Baseline.of(plan, checkpoint);
            Selection half = new Selection(
                    io.detinit.interop.mask.Criterion.MOVEMENT, new Selection.Sparsity(0.6), Selection.Scope.GLOBAL);
            Map<String, Mask> logical = new Selector(baseline, 2).select(checkpoint.tensors(), half);
            new DeltaPacker(new DeltaOptions(ValueType.FILE, 2, "test", Optional.empty()))
                    .pack(checkpoint, plan, StoredMasks.of(logical, baseline).masks(), folder.resolve("d"), done -> {});
            try (DeltaFile delta = DeltaFile.open(folder.resolve("d"))) {
                TensorView found =
                        new TransposedTensor(delta.find("onnx::MatMul_3").orElseThrow());
                TensorView trained =
                        new TransposedTensor(checkpoint.find("onnx::MatMul_3").orElseThrow());
                float[] w0 =
                        ((Plan.Addressed) plan).plan().init("onnx::MatMul_3").toArray();
                Mask mask = logical.values().iterator().next();
                assertEquals(14, mask.kept());
                float[] expected = new float[35];
                trained.readFloats(0, expected, 0, 35);
                for (int k = 0; k < 35; k++) {
                    expected[k] = mask.keeps(k) ? expected[k] : w0[k];
                }
                float[] values = new float[35];
                found.readFloats(0, values, 0, 35);
                assertArrayEquals(expected, values);
            }
        }
    }

    @Test
    void aTemplateTakesTheTensors() throws IOException {
        Path source = onnx();
        DeltaModels.pack(source, planOf(source), folder.resolve("d"));
        Path zeros = folder.resolve("zeros.onnx");
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            TensorView w = checkpoint.find("onnx::MatMul_3").orElseThrow();
            checkpoint.rewrite(zeros, Map.of("onnx::MatMul_3", new ZeroTensor(w.info())), Map.of());
        }
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"));
                Checkpoint template = Checkpoints.open(zeros)) {
            DeltaUnpacker.unpack(delta, template, folder.resolve("o"));
            DeltaModels.sameFiles(source, folder.resolve("o"));
        }
        Path other = folder.resolve("other.pt");
        TorchStateDictWriter.write(other, DeltaModels.model(DeltaModels.PLAN, DType.F32), Map.of(), Map.of());
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"));
                Checkpoint template = Checkpoints.open(other)) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> DeltaUnpacker.unpack(delta, template, folder.resolve("never")));
            assertTrue(e.getMessage().contains("no tensor"), e.getMessage());
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertTrue(left.noneMatch(path -> path.getFileName().toString().startsWith(".detinit")), "nothing is left");
        }
    }

    @Test
    void skeletonsOfZerosAreSmall() throws IOException {
        Path source = folder.resolve("large.pt");
        TensorInfo info = new TensorInfo(
                "w", DType.F32, io.detinit.generator.TensorShape.of(4096, 2048), TensorInfo.Kind.PARAMETER);
        TorchStateDictWriter.write(source, List.of(new ZeroTensor(info)), Map.of(), Map.of());
        DeltaReport report = DeltaModels.pack(source, planOf(source), folder.resolve("d"));
        assertTrue(report.skeletonBytes() < 8 * (info.bytes() >> 16) + 2000, report.skeletonBytes() + " bytes");
        assertEquals(Files.size(source), report.delta().skeleton().orElseThrow().bytes());
    }

    /** A model whose weights lie in a second file has no container in the delta; a template is one. */
    @Test
    void externalDataNeedsATemplate() throws IOException {
        Path source = SharedFiles.path("fixtures/onnx-external/polygraphy-ext_weights_same_dir/ext_weights.onnx");
        DeltaReport report = DeltaModels.pack(source, planOf(source), folder.resolve("d"));
        assertTrue(report.delta().skeleton().isEmpty());
        assertEquals(1, report.notes().size());
        try (DeltaFile delta = DeltaFile.open(folder.resolve("d"));
                Checkpoint template = Checkpoints.open(source)) {
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class, () -> DeltaUnpacker.containerFor(delta, folder.resolve("o.onnx")));
            assertTrue(e.getMessage().contains("holds no container"), e.getMessage());
            DeltaUnpacker.unpack(delta, template, folder.resolve("o.onnx"));
        }
        DeltaModels.sameFiles(source, folder.resolve("o.onnx"));
    }

    /** Files made by other people and programs. */
    @ParameterizedTest
    @ValueSource(strings = {"pt-zip", "pt-legacy", "torchscript", "onnx", "onnx-sparse", "safetensors"})
    void realFilesComeBack(String kind) throws IOException {
        int exact = 0;
        int refused = 0;
        for (Path source : SharedFiles.files("fixtures/" + kind)) {
            String file = source.getFileName().toString();
            if (Files.size(source) > 400_000 || exact >= 25) {
                continue;
            }
            try (Checkpoint checkpoint = Checkpoints.open(source)) {
                Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, 42, InitRules.he()));
                Path delta = folder.resolve("d");
                DeltaReport report = new DeltaPacker(DeltaOptions.exact(2)).pack(checkpoint, plan, delta, done -> {});
                try (DeltaFile packed = DeltaFile.open(delta)) {
                    DeltaModels.same(checkpoint.tensors(), packed.tensors());
                }
                if (report.delta().skeleton().isPresent()) {
                    Path target = folder.resolve("o-" + file);
                    DeltaModels.unpack(delta, target);
                    DeltaModels.sameFiles(source, target);
                    exact++;
                } else {
                    assertTrue(
                            kind.equals("safetensors") || !report.notes().isEmpty(),
                            file + ": why there is no container");
                    exact += kind.equals("safetensors") ? 1 : 0;
                }
            } catch (MalformedFileException | java.nio.file.NoSuchFileException e) {
                refused++; // not a checkpoint that this version reads whole
            }
        }
        assertTrue(exact > refused, kind + ": " + exact + " came back, " + refused + " refused");
    }
}
