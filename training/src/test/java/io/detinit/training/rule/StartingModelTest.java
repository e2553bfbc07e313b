package io.detinit.training.rule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.torch.TorchStateDictWriter;
import io.detinit.models.ModelSpec;
import io.detinit.training.DeviceChoice;
import io.detinit.training.RunFolder;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingListener;
import io.detinit.training.TrainingLoop;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartingModelTest {

    @TempDir
    static Path folder;

    private static List<ArrayTensor> trained = List.of();
    private static InitPlan plan = new InitPlan(0, List.of());

    @BeforeAll
    static void train() throws IOException {
        ImageData digits = ProceduralDigits.generate();
        TrainConfig config = TrainConfig.builder(RuleRuns.MODEL, 7)
                .rules(InitRules.of(Scheme.XAVIER))
                .epochs(1)
                .device(DeviceChoice.CPU)
                .build();
        try (TrainedModel model = TrainingLoop.train(
                config,
                digits.validationSamples(Normalization.NONE),
                digits.testSamples(Normalization.NONE),
                TrainingListener.NONE)) {
            RunFolder.write(folder, model, digits, Normalization.NONE);
            trained = model.tensors();
            plan = model.plan();
        }
        TorchStateDictWriter.write(folder.resolve("model.pt"), trained, Map.of(), Map.of());
    }

    private static float[] floats(ArrayTensor tensor) throws IOException {
        float[] values = new float[Math.toIntExact(tensor.info().shape().elements())];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private static StartingModel read(String name) throws IOException {
        return StartingModel.read(folder.resolve(name), RuleRuns.MODEL, OptionalLong.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model.safetensors", "model.onnx", "model.params", "model.pt"})
    void everyFormatGivesTheSameBitsAndItsPlan(String name) throws IOException {
        StartingModel found = read(name);
        assertEquals(
                trained.stream().map(t -> t.info().name()).toList(),
                List.copyOf(found.values().keySet()));
        for (ArrayTensor tensor : trained) {
            assertArrayEquals(floats(tensor), found.values().get(tensor.info().name()));
        }
        boolean carries = !name.equals("model.params") && !name.equals("model.pt");
        assertEquals(carries ? Optional.of(plan) : Optional.empty(), found.plan());
    }

    @Test
    void aRunStartsFromTheWeightsAndKeepsThePlan() throws IOException {
        StartingModel begun = read("model.onnx");
        InitRules rules = begun.rules(Optional.empty());
        TrainConfig config = RuleRuns.config(OptimizerKind.SGD).toBuilder()
                .seed(begun.plan().orElseThrow().seed())
                .rules(rules)
                .build();
        try (TrainingRun run = RuleRuns.begin(config, begun.hook())) {
            assertEquals(plan, run.plan());
            for (ArrayTensor tensor : trained) {
                assertArrayEquals(
                        floats(tensor), RuleRuns.value(run, tensor.info().name()));
            }
            run.step();
            assertTrue(RuleRuns.sameBits(floats(trained.get(0)), RuleRuns.value(run, RuleRuns.WEIGHT)) < 9000);
        }
        assertThrows(IllegalArgumentException.class, () -> RuleRuns.begin(config, new SleepRule(1), begun.hook()));
        assertThrows(
                IllegalArgumentException.class,
                () -> RuleRuns.begin(config, new StartingWeights(Map.of("fc1.weight", new float[3]))));
    }

    @Test
    void theRulesAreThoseOfThePlan() throws IOException {
        StartingModel begun = read("model.safetensors");
        assertEquals(InitRules.of(Scheme.XAVIER), begun.rules(Optional.of(InitRules.of(Scheme.XAVIER))));
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> begun.rules(Optional.of(InitRules.of(Scheme.HE))));
        assertTrue(String.valueOf(refused.getMessage()).contains("'fc1.weight' the scheme xavier"), refused.toString());
        List<PlannedTensor> moved = new ArrayList<>();
        plan.tensors().forEach(t -> moved.add(new PlannedTensor(t.name(), t.shape(), t.layer() + 3, t.scheme())));
        Path file = folder.resolve("layers.safetensors");
        SafetensorsWriter.write(
                file, trained, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(new Plan.Addressed(new InitPlan(7, moved)))));
        String message = String.valueOf(assertThrows(
                        MalformedFileException.class,
                        () -> StartingModel.read(file, RuleRuns.MODEL, OptionalLong.empty())
                                .rules(Optional.empty()))
                .getMessage());
        assertTrue(message.contains("found layer 3, expected layer 0"), message);
    }

    private static Path renamed(String file, Map<String, String> names) throws IOException {
        List<ArrayTensor> tensors = new ArrayList<>();
        for (ArrayTensor tensor : trained) {
            String name = names.getOrDefault(tensor.info().name(), tensor.info().name());
            if (!name.isEmpty()) {
                tensors.add(ArrayTensor.of(name, tensor.info().shape(), floats(tensor)));
            }
        }
        Path path = folder.resolve(file);
        SafetensorsWriter.write(path, tensors, Map.of());
        return path;
    }

    @Test
    void namesOfOtherProgramsAreFound() throws IOException {
        Path sequential = renamed(
                "sequential.safetensors",
                Map.of("fc1.weight", "0.weight", "fc1.bias", "0.bias", "fc2.weight", "2.weight", "fc2.bias", "2.bias"));
        Path wrapped = renamed(
                "wrapped.safetensors", Map.of("fc1.weight", "module.fc1.weight", "fc2.bias", "module.fc2.bias"));
        for (Path path : List.of(sequential, wrapped)) {
            StartingModel found = StartingModel.read(path, RuleRuns.MODEL, OptionalLong.of(7));
            for (ArrayTensor tensor : trained) {
                assertArrayEquals(
                        floats(tensor), found.values().get(tensor.info().name()));
            }
        }
    }

    private static String refusal(Path path, String model) {
        return String.valueOf(assertThrows(
                        MalformedFileException.class,
                        () -> StartingModel.read(path, ModelSpec.parse(model), OptionalLong.of(7)))
                .getMessage());
    }

    @Test
    void whatDoesNotFitIsRefusedInOneLine() throws IOException {
        Path whole = folder.resolve("model.pt");
        assertTrue(
                refusal(whole, "mlp:784-16-10")
                        .endsWith(
                                "model.pt: tensor 'fc1.weight': found the shape [12, 784], expected 'fc1.weight' [16, 784] of "
                                        + "model mlp:784-16-10; --model names the model, --map FILE=MODEL says where a tensor belongs"));
        assertTrue(refusal(whole, "mlp:784-12-10-10").contains("'fc3.weight' [10, 10] of model mlp:784-12-10-10;"));
        Path extra = folder.resolve("extra.safetensors");
        List<ArrayTensor> more = new ArrayList<>(trained);
        more.add(ArrayTensor.of("head.weight", TensorShape.of(3, 2), new float[6]));
        SafetensorsWriter.write(extra, more, Map.of());
        assertTrue(refusal(extra, "mlp:784-12-10").contains("tensor 'head.weight': found a parameter of shape [3, 2]"));
        Path less = renamed("less.safetensors", Map.of("fc2.bias", ""));
        assertTrue(refusal(less, "mlp:784-12-10").contains("'fc2.bias' [10] of model"));
    }

    @Test
    void aNameMapSaysWhereATensorBelongs() throws IOException {
        Path turned = renamed(
                "turned.safetensors",
                Map.of("fc1.weight", "w1", "fc2.weight", "w2", "fc1.bias", "fc2.bias", "fc2.bias", "fc1.bias"));
        assertTrue(refusal(turned, "mlp:784-12-10").contains("tensor 'fc2.bias': found the shape [12], expected"));
        StartingModel found = StartingModel.read(
                turned,
                RuleRuns.MODEL,
                OptionalLong.of(7),
                Map.of("fc2.bias", "fc1.bias", "fc1.bias", "fc2.bias", "w1", "fc1.weight"));
        for (ArrayTensor tensor : trained) {
            assertArrayEquals(floats(tensor), found.values().get(tensor.info().name()));
        }
        assertTrue(found.summary().endsWith("4 of 4 parameters (3 by the name map, 1 by shape)"), found.summary());
    }

    @Test
    void zerosBecomeMasks() throws IOException {
        List<ArrayTensor> pruned = new ArrayList<>();
        for (ArrayTensor tensor : trained) {
            float[] values = floats(tensor);
            for (int k = 0; k < values.length; k += 3) {
                values[k] = k % 2 == 0 ? 0f : -0f;
            }
            pruned.add(ArrayTensor.of(tensor.info().name(), tensor.info().shape(), values));
        }
        Path file = folder.resolve("pruned.safetensors");
        SafetensorsWriter.write(file, pruned, Map.of());
        Map<String, Mask> zeros =
                StartingModel.read(file, RuleRuns.MODEL, OptionalLong.of(7)).zeros();
        assertEquals(Set.of("fc1.weight", "fc2.weight"), zeros.keySet());
        assertEquals(Mask.of(TensorShape.of(10, 12), k -> k % 3 != 0), zeros.get("fc2.weight"));
        assertEquals(Map.of(), read("model.safetensors").zeros());
    }

    private static MaskFile masks(Map<String, Mask> masks, Set<String> inOut, boolean known) {
        return new MaskFile(Path.of("m.safetensors"), new StoredMasks(masks, inOut, known), Map.of());
    }

    @Test
    void masksAreLaidOverTheModelByNameShapeAndOrder() throws IOException {
        Mask first = Mask.of(TensorShape.of(12, 784), k -> k % 7 == 0);
        Mask second = Mask.of(TensorShape.of(10, 12), k -> k % 5 == 0);
        Map<String, Mask> wanted = new LinkedHashMap<>(Map.of("fc1.weight", first, "fc2.weight", second));
        List<MaskFile> files = List.of(
                masks(wanted, Set.of(), true),
                masks(Map.of("module.fc1.weight", first, "module.fc2.weight", second), Set.of(), false),
                masks(Map.of("0.weight", first, "2.weight", second), Set.of(), true),
                masks(Map.of("fc1.weight", first.transposed(), "fc2.weight", second), Set.of("fc1.weight"), true),
                masks(Map.of("fc1.weight", first.transposed(), "fc2.weight", second), Set.of(), false));
        for (MaskFile file : files) {
            assertEquals(wanted, ModelMasks.of(file, RuleRuns.MODEL));
        }
        assertEquals(wanted, read("model.safetensors").masks(files.get(0)));
        assertEquals(wanted, read("model.onnx").masks(files.get(1)));
        for (MaskFile wrong : List.of(
                masks(Map.of("fc1.weight", second), Set.of(), true),
                masks(Map.of("conv.weight", Mask.of(TensorShape.of(3, 3), k -> true)), Set.of(), true))) {
            String message = String.valueOf(
                    assertThrows(MalformedFileException.class, () -> ModelMasks.of(wrong, RuleRuns.MODEL))
                            .getMessage());
            assertTrue(message.startsWith("m.safetensors: tensor '"), message);
            assertTrue(message.contains("model mlp:784-12-10"), message);
        }
    }

    @Test
    void masksInTheOrderOfAnOnnxFileAreTurned() throws IOException {
        StartingModel begun = read("model.onnx");
        Mask upright = Mask.of(TensorShape.of(12, 784), k -> k % 7 == 0);
        boolean turned = begun.origins().values().stream()
                .anyMatch(origin -> origin.order() == io.detinit.generator.StoredOrder.IN_OUT);
        String name = begun.origins().entrySet().stream()
                .filter(entry -> entry.getValue().name().equals("fc1.weight"))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
        MaskFile file =
                masks(Map.of(name, turned ? upright.transposed() : upright), turned ? Set.of(name) : Set.of(), true);
        assertEquals(Map.of("fc1.weight", upright), begun.masks(file));
    }
}
