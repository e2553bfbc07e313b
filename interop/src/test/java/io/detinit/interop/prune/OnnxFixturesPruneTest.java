package io.detinit.interop.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.verify.CheckpointComparison;
import io.detinit.interop.verify.Verifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every real ONNX model that ONNX Runtime runs, copied, and pruned by magnitude, dense and sparse. */
class OnnxFixturesPruneTest {

    @TempDir
    Path folder;

    /** How many sparse initializers the copies at 90 % have. */
    private final Map<String, Long> sparse = new TreeMap<>();

    /** The same of models that ONNX Runtime loads, but does not run. */
    private final Map<String, Long> loaded = new TreeMap<>();

    private final List<String> nothingPrunable = new ArrayList<>();
    private final List<String> notRun = new ArrayList<>();

    private static void same(Path first, Path second, String name) throws IOException {
        try (OnnxCheckpoint a = OnnxCheckpoint.open(first);
                OnnxCheckpoint b = OnnxCheckpoint.open(second)) {
            CheckpointComparison comparison = Verifier.compare(a, b);
            assertTrue(comparison.identical(), () -> name + " " + comparison.mismatches());
        }
    }

    private static long sparseInitializers(Path model) throws IOException {
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            return checkpoint.sparseInitializers();
        }
    }

    private static long bytes(Path model) throws IOException {
        Path data = model.resolveSibling(model.getFileName() + ".data");
        return Files.size(model) + (Files.exists(data) ? Files.size(data) : 0);
    }

    private void sweep(String... folders) throws IOException, OrtException {
        for (PrunedFixture fixture : PrunedFixture.below(folder, folders)) {
            Optional<ModelRun> run = ModelRun.of(fixture.original());
            if (run.isEmpty()) {
                notRun.add(fixture.name());
                loads(fixture);
                continue;
            }
            List<String> outputs = copies(fixture, run.get());
            if (fixture.prunable().isEmpty()) {
                nothingPrunable.add(fixture.name());
            } else {
                prunes(fixture, run.get(), outputs.size());
            }
        }
    }

    /** Checks the copies; gives the outputs. */
    private static List<String> copies(PrunedFixture fixture, ModelRun run) throws IOException, OrtException {
        List<String> outputs = run.outputs(fixture.original());
        List<Path> copies = List.of(
                fixture.copy(),
                fixture.rewritten(fixture.original(), TensorStorage.DENSE),
                fixture.rewritten(fixture.original(), TensorStorage.SPARSE));
        for (Path copy : copies) {
            same(fixture.original(), copy, fixture.name());
            assertEquals(outputs, run.outputs(copy), fixture.name());
        }
        return outputs;
    }

    private void prunes(PrunedFixture fixture, ModelRun run, int outputCount) throws IOException, OrtException {
        Path half = fixture.pruned(0.5, TensorStorage.DENSE);
        fixture.check(half, 0.5);
        List<String> outputs = run.outputs(half);
        assertEquals(outputCount, outputs.size(), fixture.name());

        Path dense = fixture.pruned(0.9, TensorStorage.DENSE);
        Path small = fixture.pruned(0.9, TensorStorage.SPARSE);
        fixture.check(small, 0.9);
        long count = sparseInitializers(small);
        sparse.put(fixture.name(), count);
        same(dense, small, fixture.name());
        outputs = run.outputs(dense);
        assertEquals(outputs, run.outputs(small), fixture.name());
        if (count > sparseInitializers(dense)) {
            assertTrue(bytes(small) < bytes(dense), fixture.name());
        }

        for (TensorStorage storage : List.of(TensorStorage.DENSE, TensorStorage.SPARSE)) {
            Path again = fixture.rewritten(small, storage);
            same(dense, again, fixture.name());
            assertEquals(outputs, run.outputs(again), fixture.name());
        }
    }

    /** A model that ONNX Runtime loads, but runs on no inputs: what is written loads too. */
    private void loads(PrunedFixture fixture) throws IOException {
        if (!ModelRun.loads(fixture.original())) {
            return;
        }
        List<Path> copies = new ArrayList<>(List.of(fixture.copy()));
        copies.add(fixture.rewritten(fixture.original(), TensorStorage.SPARSE));
        for (Path copy : copies) {
            same(fixture.original(), copy, fixture.name());
        }
        if (!fixture.prunable().isEmpty()) {
            Path small = fixture.pruned(0.9, TensorStorage.SPARSE);
            fixture.check(small, 0.9);
            loaded.put(fixture.name(), sparseInitializers(small));
            copies.add(small);
            copies.add(fixture.pruned(0.5, TensorStorage.DENSE));
        }
        for (Path copy : copies) {
            assertTrue(ModelRun.loads(copy), copy.toString());
        }
    }

    @Test
    void everyModelThatRuns() throws Exception {
        sweep("onnx");
        assertEquals(
                new TreeMap<>(Map.ofEntries(
                        Map.entry("onnx/ACASXU_experimental_v2a_1_1.onnx", 8L),
                        Map.entry("onnx/attention_head.onnx", 3L),
                        Map.entry("onnx/bert_toy_optimized.onnx", 36L),
                        Map.entry("onnx/burn-conv3d.onnx", 1L),
                        Map.entry("onnx/burn-gemm_linear.onnx", 1L),
                        Map.entry("onnx/burn-linear.onnx", 2L),
                        Map.entry("onnx/burn-opset_09.onnx", 1L),
                        Map.entry("onnx/cifar_base_kw.onnx", 2L),
                        Map.entry("onnx/cntk-mnist.onnx", 5L),
                        Map.entry("onnx/fuse-conv-bn-mul-add-unsqueeze-no-bias.onnx", 1L),
                        Map.entry("onnx/gs-lstm.onnx", 4L),
                        Map.entry("onnx/linear2-3_bn1-linear3-1.onnx", 1L),
                        Map.entry("onnx/matmul.fp16.onnx", 1L),
                        Map.entry("onnx/onnx-pytorch-converted-Conv2d.onnx", 1L),
                        Map.entry("onnx/onnx-pytorch-converted-Conv3d_groups.onnx", 1L),
                        Map.entry("onnx/onnx-pytorch-converted-ConvTranspose2d.onnx", 1L),
                        Map.entry("onnx/onnx-pytorch-converted-Embedding.onnx", 1L),
                        Map.entry("onnx/polygraphy-pruned2of4.conv.onnx", 1L),
                        Map.entry("onnx/qdq_conv.onnx", 2L),
                        Map.entry("onnx/tract-byte_sb_bidi_lstm.onnx", 7L),
                        Map.entry("onnx/transpose_matmul.onnx", 1L),
                        Map.entry("onnx/tribuo-cnn_mnist.onnx", 2L),
                        Map.entry("onnx/version-RFB-320.onnx", 24L),
                        Map.entry("onnx/version-RFB-320_simplified.onnx", 43L))),
                sparse);
        // Weights that are integers, made by nodes or in attributes of nodes, or none at all.
        assertEquals(
                List.of(
                        "onnx/attention_past_state.u8s8.onnx",
                        "onnx/burn-constant_empty_tensor_f32.onnx",
                        "onnx/burn-high_rank_tensors.onnx",
                        "onnx/constant_floats.onnx",
                        "onnx/initializer_as_output.onnx",
                        "onnx/initializer_is_output.onnx",
                        "onnx/light_resnet50.onnx",
                        "onnx/light_squeezenet.onnx",
                        "onnx/optional_inputs_ir3.onnx",
                        "onnx/tract-qlstm.onnx",
                        "onnx/tribuo-lr_mnist.onnx"),
                nothingPrunable);
        // Shapes that do not fit each other, no kernel for the type or the old operator, float16 that needs a GPU.
        assertEquals(
                List.of(
                        "onnx/burn-opset_18.onnx",
                        "onnx/matmul.bf16.i32data.onnx",
                        "onnx/onnx-pytorch-converted-BatchNorm2d_eval.onnx",
                        "onnx/onnx-pytorch-converted-Linear.onnx",
                        "onnx/tiny_gpt2_beamsearch_fp16.onnx"),
                notRun);
        assertEquals(Map.of("onnx/tiny_gpt2_beamsearch_fp16.onnx", 23L), loaded);
    }

    @Test
    void everyModelWithADataFileThatRuns() throws Exception {
        sweep("onnx-external");
        assertEquals(
                Map.of(
                        "burn-external_data/external_data.onnx", 1L,
                        "burn-external_data/mixed_data.onnx", 1L,
                        "burn-external_data/multi_external_files.onnx", 1L,
                        "polygraphy-ext_weights_same_dir/ext_weights.onnx", 2L),
                sparse);
        assertEquals(
                List.of(
                        "ort-conv_qdq_external_ini/conv_qdq_external_ini.onnx",
                        "ort-model_with_external_initializers/model_with_external_initializers.onnx",
                        "ort-model_with_orig_ext_data/model_with_orig_ext_data.onnx"),
                nothingPrunable);
        // Their data files are not there.
        assertEquals(
                List.of(
                        "burn-external_data/external_data_offset.onnx",
                        "ort-come_from_user/model_with_external_initializer_come_from_user.onnx",
                        "polygraphy-ext_weights/ext_weights.onnx"),
                notRun);
    }

    @Test
    void everySparseModelThatRuns() throws Exception {
        sweep("onnx-sparse");
        assertEquals(
                Map.of(
                        "onnx-sparse/sparse_initializer_handling.onnx", 1L,
                        "onnx-sparse/sparse_nnz.onnx", 1L,
                        "onnx-sparse/sparse_nnz_rank.onnx", 1L),
                sparse);
        assertEquals(List.of("onnx-sparse/sparse_initializer_as_output.onnx"), nothingPrunable);
        assertEquals(List.of(), notRun);
    }
}
