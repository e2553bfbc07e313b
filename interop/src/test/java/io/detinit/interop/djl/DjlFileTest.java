package io.detinit.interop.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.modality.nlp.DefaultVocabulary;
import ai.djl.modality.nlp.embedding.TrainableWordEmbedding;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.core.LinearCollection;
import ai.djl.nn.core.Multiplication;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.transformer.BertBlock;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.Pair;
import io.detinit.interop.ByteMutator;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.models.ParameterNames;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that DJL's PyTorch engine saves, and damaged ones. */
class DjlFileTest {

    @TempDir
    Path folder;

    private static SequentialBlock mlp() {
        return new SequentialBlock()
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(5).build())
                .add(Activation.reluBlock())
                .add(Dropout.builder().build())
                .add(Linear.builder().setUnits(3).optBias(false).build())
                .add(BatchNorm.builder().build())
                .add(Activation.tanhBlock());
    }

    private static SequentialBlock cnn() {
        return new SequentialBlock()
                .add(Conv2d.builder()
                        .setFilters(2)
                        .setKernelShape(new Shape(3, 3))
                        .build())
                .add(BatchNorm.builder().build())
                .add(new Prelu())
                .add(Conv2d.builder()
                        .setFilters(3)
                        .setKernelShape(new Shape(2, 2))
                        .optBias(false)
                        .build())
                .add(LayerNorm.builder().build())
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(2).build());
    }

    private static Block initialised(Model model, Block block, DataType type, long... sample) {
        for (Parameter.Type kind : Parameter.Type.values()) {
            block.setInitializer(new NormalInitializer(0.5f), kind);
        }
        block.initialize(model.getNDManager(), type, new Shape(sample));
        model.setBlock(block);
        model.setDataType(type);
        return block;
    }

    private Path save(Model model) throws IOException {
        model.save(folder, "saved");
        try (Stream<Path> files = Files.list(folder)) {
            return Files.move(
                    files.filter(f -> f.toString().endsWith(".params"))
                            .findFirst()
                            .orElseThrow(),
                    folder.resolve("saved.bin"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static byte[] bytes(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
        tensor.readBytes(0, bytes);
        return bytes.array();
    }

    private static List<String> names(Checkpoint checkpoint) {
        return checkpoint.tensors().stream().map(t -> t.info().name()).toList();
    }

    private static void assertSame(Iterable<? extends TensorView> expected, List<TensorView> found) throws IOException {
        int k = 0;
        for (TensorView tensor : expected) {
            TensorInfo info = found.get(k).info();
            assertEquals(tensor.info().shape(), info.shape(), info.name());
            assertEquals(tensor.info().dtype(), info.dtype(), info.name());
            assertEquals(tensor.info().kind(), info.kind(), info.name());
            assertArrayEquals(bytes(tensor), bytes(found.get(k)), info.name());
            k++;
        }
        assertEquals(k, found.size());
    }

    /** Names, shapes and elements of a flat sequence are those of the live block. */
    @Test
    void savedModelsAreReadAsTheLiveBlockIs() throws IOException {
        for (DataType type : List.of(DataType.FLOAT32, DataType.FLOAT64, DataType.FLOAT16)) {
            try (Model model = Model.newInstance("m", "PyTorch")) {
                Block block = initialised(model, mlp(), type, 1, 2, 4);
                model.setProperty("Epoch", "3");
                model.setProperty("note", "\u00e9\u0000");
                Map<String, Parameter> live = ParameterNames.of(block);
                try (DjlFile file = DjlFile.open(save(model))) {
                    assertEquals(List.copyOf(live.keySet()), names(file));
                    assertSame(DjlTensors.of(live), file.tensors());
                    assertEquals(Map.of("Epoch", "3", "note", "\u00e9\u0000"), file.metadata());
                    assertEquals("djl", file.format());
                    assertEquals(List.of(), file.warnings());
                }
            }
        }
        try (Model model = Model.newInstance("m", "PyTorch")) {
            Map<String, Parameter> live = ParameterNames.of(initialised(model, cnn(), DataType.FLOAT32, 1, 1, 6, 6));
            try (DjlFile file = DjlFile.open(save(model))) {
                assertEquals(List.copyOf(live.keySet()), names(file));
                assertSame(DjlTensors.of(live), file.tensors());
            }
        }
    }

    @Test
    void treesAreNumberedThrough() throws IOException {
        try (Model model = Model.newInstance("m", "PyTorch")) {
            SequentialBlock inner = new SequentialBlock()
                    .add(Linear.builder().setUnits(4).build())
                    .add(new SequentialBlock()
                            .add(Linear.builder().setUnits(4).build())
                            .add(Activation.reluBlock()))
                    .setReturnIntermediate(false);
            Block block = new SequentialBlock()
                    .add(new ParallelBlock(
                            lists -> lists.get(0),
                            List.of(inner, Linear.builder().setUnits(4).build())))
                    .add(Linear.builder().setUnits(2).build());
            Map<String, Parameter> live = ParameterNames.of(initialised(model, block, DataType.FLOAT32, 1, 3));
            try (DjlFile file = DjlFile.open(save(model))) {
                assertEquals(
                        List.of(
                                "fc1.weight",
                                "fc1.bias",
                                "fc2.weight",
                                "fc2.bias",
                                "fc3.weight",
                                "fc3.bias",
                                "fc4.weight",
                                "fc4.bias"),
                        names(file));
                assertSame(DjlTensors.of(live), file.tensors());
            }
        }
        try (Model model = Model.newInstance("m", "PyTorch")) { // the outermost block's own have no prefix
            initialised(model, Linear.builder().setUnits(4).build(), DataType.FLOAT32, 1, 3);
            try (DjlFile file = DjlFile.open(save(model))) {
                assertEquals(List.of("weight", "bias"), names(file));
            }
        }
        try (Model model = Model.newInstance("m", "PyTorch")) {
            Block lstm = LSTM.builder()
                    .setStateSize(3)
                    .setNumLayers(2)
                    .optBatchFirst(true)
                    .build();
            Block block = new SequentialBlock().add(lstm);
            Map<String, Parameter> live = ParameterNames.of(initialised(model, block, DataType.FLOAT32, 2, 4, 5));
            try (DjlFile file = DjlFile.open(save(model))) {
                assertSame(DjlTensors.of(live), file.tensors());
                assertTrue(names(file).get(0).startsWith("block1."), names(file).get(0));
            }
        }
    }

    /** Blocks whose records have layouts of their own, in a tree that DJL builds. */
    @Test
    void otherBlocksAreRead() throws IOException {
        Shape ids = new Shape(1, 5);
        try (Model model = Model.newInstance("m", "PyTorch")) {
            Block bert = BertBlock.builder()
                    .setTokenDictionarySize(20)
                    .optEmbeddingSize(8)
                    .optTransformerBlockCount(2)
                    .optAttentionHeadCount(2)
                    .optHiddenSize(16)
                    .optMaxSequenceLength(5)
                    .build();
            for (Parameter.Type kind : Parameter.Type.values()) {
                bert.setInitializer(new NormalInitializer(0.5f), kind);
            }
            bert.initialize(model.getNDManager(), DataType.FLOAT32, ids, ids, ids);
            model.setBlock(bert);
            model.setDataType(DataType.FLOAT32);
            Map<String, Parameter> live = ParameterNames.of(bert);
            try (DjlFile file = DjlFile.open(save(model))) {
                assertTrue(live.size() > 30, live.size() + " parameters");
                assertSame(DjlTensors.of(live), file.tensors());
                assertTrue(names(file).contains("bn5.gamma"), names(file).toString());
            }
        }
        Block embedding = new SequentialBlock()
                .add(new TrainableWordEmbedding(new DefaultVocabulary(List.of("a", "b")), 3))
                .add(Linear.builder().setUnits(2).build());
        Block multiplication =
                new SequentialBlock().add(Multiplication.builder().setUnits(3).build());
        Block collection =
                new SequentialBlock().add(LinearCollection.builder().setUnits(3).build());
        Map<Block, Shape> others =
                Map.of(embedding, ids, multiplication, new Shape(2, 4), collection, new Shape(2, 3, 4));
        for (Map.Entry<Block, Shape> other : others.entrySet()) {
            try (Model model = Model.newInstance("m", "PyTorch")) {
                Block block = initialised(
                        model,
                        other.getKey(),
                        DataType.FLOAT32,
                        other.getValue().getShape());
                Map<String, Parameter> live = ParameterNames.of(block);
                try (DjlFile file = DjlFile.open(save(model))) {
                    assertSame(DjlTensors.of(live), file.tensors());
                    assertEquals(List.copyOf(live.keySet()), names(file));
                }
            }
        }
    }

    @Test
    void djlLoadsWhatWasRewritten() throws Exception {
        Path target = folder.resolve("out.params");
        try (Model model = Model.newInstance("m", "PyTorch")) {
            initialised(model, mlp(), DataType.FLOAT32, 1, 2, 4);
            model.setProperty("Epoch", "3");
            Path source = save(model);
            try (DjlFile file = DjlFile.open(source)) {
                file.rewrite(target, Map.of(), Map.of());
                assertArrayEquals(Files.readAllBytes(source), Files.readAllBytes(target));
                TensorView old = file.find("fc2.weight").orElseThrow();
                float[] zeros = new float[Math.toIntExact(old.info().shape().elements())];
                TensorView weight = ArrayTensor.of("fc2.weight", old.info().shape(), zeros);
                String plan = "{\"seed\":1}";
                Map<String, String> metadata =
                        Map.of(Checkpoint.PLAN_KEY, plan, "Epoch", "4", "long", "\u20ac".repeat(100_000));
                file.rewrite(target, Map.of("fc2.weight", weight), metadata);
                try (Model other = Model.newInstance("m", "PyTorch");
                        DjlFile again = DjlFile.open(target)) {
                    assertEquals(metadata, again.metadata());
                    other.setBlock(mlp());
                    other.load(new ByteArrayInputStream(Files.readAllBytes(target)));
                    assertEquals(plan, other.getProperty(Checkpoint.PLAN_KEY));
                    assertEquals("\u20ac".repeat(100_000 % 21_845), other.getProperty("long#5"));
                    again.rewrite(folder.resolve("third.params"), Map.of(), Map.of("long", "short"));
                    try (DjlFile third = DjlFile.open(folder.resolve("third.params"))) {
                        assertEquals("short", third.metadata().get("long"));
                        assertEquals(3, third.metadata().size());
                    }
                    Map<String, Parameter> loaded = ParameterNames.of(other.getBlock());
                    assertSame(DjlTensors.of(loaded), again.tensors());
                    for (Pair<String, Parameter> pair : other.getBlock().getParameters()) {
                        assertTrue(pair.getValue().isInitialized());
                    }
                    assertArrayEquals(zeros, loaded.get("fc2.weight").getArray().toFloatArray());
                }
                assertThrows(IllegalArgumentException.class, () -> file.rewrite(target, Map.of("x", weight), Map.of()));
            }
        }
    }

    private byte[] small() throws IOException {
        try (Model model = Model.newInstance("m", "PyTorch")) {
            initialised(model, mlp(), DataType.FLOAT32, 1, 2, 4);
            model.setProperty("note", "text");
            return Files.readAllBytes(save(model));
        }
    }

    private static DjlFile read(byte[] bytes) throws IOException {
        return DjlFile.read(Path.of("memory"), new MemoryBytes("memory", bytes), () -> {});
    }

    /** Cut between two blocks a file is that of a smaller model; cut anywhere else it is refused. */
    @Test
    void aFileCutShortIsRefusedOrHasFewerTensors() throws IOException {
        byte[] bytes = small();
        try (DjlFile whole = read(bytes)) {
            int readable = 0;
            for (int length = 0; length < bytes.length; length++) {
                byte[] cut = Arrays.copyOf(bytes, length);
                DjlFile part;
                try {
                    part = read(cut);
                } catch (MalformedFileException e) {
                    assertTrue(e.getMessage().startsWith("memory: "), e.getMessage());
                    continue;
                }
                readable++;
                assertSame(whole.tensors().subList(0, part.tensors().size()), part.tensors());
            }
            // after a parameter, after a block's record, or where the beginning of a record is a shorter one
            assertTrue(readable >= 10 && readable <= 30, readable + " of " + bytes.length + " lengths are readable");
        }
    }

    @Test
    void oneErrorForEachWayToBeWrong() throws IOException {
        byte[] bytes = small();
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        int array = text.indexOf("NDAR");
        int type = text.indexOf("FLOAT32", array);
        int order = text.indexOf("<", type);
        record Damage(int at, int value, String message) {}
        List<Damage> all = List.of(
                new Damage(0, 'd', "no DJL parameters"),
                new Damage(7, 2, "version 2"),
                new Damage(array + 7, 9, "in version 9"),
                new Damage(array + 8, 7, "with the flag 7"),
                new Damage(text.indexOf("DENSE", array), 'T', "the sparse format 'TENSE' is not supported"),
                new Damage(type + 5, '4', "the data type 'FLOAT42' is not supported"),
                new Damage(order, '>', "big-endian storage is not supported"),
                new Damage(order, '?', "byte order 63"),
                new Damage(order + 4, 1, "for F32"),
                new Damage(order + 1, 0x80, "for F32"),
                new Damage(type + 7 + 3, 3, "layout of"),
                new Damage(type + 7, 0x7F, "number of axes"),
                new Damage(type + 7 + 4, 0x80, "axes >= 0"),
                new Damage(type + 7 + 4, 0x7F, "2^63 elements"),
                new Damage(array, 'n', "a parameter or the record of a block"));
        for (Damage damage : all) {
            byte[] broken = bytes.clone();
            broken[damage.at()] = (byte) damage.value();
            String found = assertThrows(MalformedFileException.class, () -> read(broken), damage.message())
                    .getMessage();
            assertTrue(found.contains(damage.message()) && found.contains("byte "), found);
        }
        assertTrue(DjlFile.looksLikeDjl(bytes));
        assertFalse(DjlFile.looksLikeDjl(new byte[] {'D', 'J', 'L', '2'}));
    }

    @Test
    void damagedFilesAreReadOrRefused() throws IOException {
        int refused = ByteMutator.run(List.of(small()), bytes -> {
            try (DjlFile file = read(bytes)) {
                for (TensorView tensor : file.tensors()) {
                    bytes(tensor);
                }
            }
        });
        assertTrue(refused > 0, "no case was refused");
    }
}
