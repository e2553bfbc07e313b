package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.TrainingListenerAdapter;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.interop.audit.Threshold;
import io.detinit.models.ModelSpec;
import io.detinit.models.Seeding;
import io.detinit.training.DeviceChoice;
import io.detinit.training.RunFolder;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainedModel;
import io.detinit.training.TrainingListener;
import io.detinit.training.TrainingLoop;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.ImageSet;
import io.detinit.training.data.Normalization;
import io.detinit.training.data.ProceduralDigits;
import io.detinit.training.optimizer.OptimizerConfig;
import io.detinit.training.optimizer.OptimizerKind;
import io.detinit.training.timeline.TrainingWarning.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Trainings that really vanish, explode and die, and healthy ones. */
class TrainingActivityTest {

    private static ImageData data;
    private static Samples train;
    private static Samples test;

    @BeforeAll
    static void draw() {
        ImageData digits = ProceduralDigits.generate();
        data = new ImageData("few", first(digits.train(), 600), first(digits.test(), 200));
        train = data.trainSamples(Normalization.NONE);
        test = data.testSamples(Normalization.NONE);
    }

    private static ImageSet first(ImageSet set, int count) {
        return new ImageSet(
                set.height(),
                set.width(),
                set.classes(),
                Arrays.copyOf(set.pixels(), count * set.features()),
                Arrays.copyOf(set.labels(), count));
    }

    private static TrainConfig.Builder config(String model) {
        return TrainConfig.builder(ModelSpec.parse(model), 42)
                .epochs(4)
                .batch(50)
                .device(DeviceChoice.CPU);
    }

    private static TrainedModel audited(TrainConfig config) {
        return TrainingLoop.trainAudited(
                config,
                train,
                test,
                List.of(),
                TrainingListener.NONE,
                AuditSchedule.epochs(1, Threshold.DEFAULT),
                TimelineSink.NONE);
    }

    private static Timeline timeline(TrainConfig config) {
        try (TrainedModel trained = audited(config)) {
            return trained.timeline().orElseThrow();
        }
    }

    private static List<String> of(Kind kind, Timeline timeline) {
        return timeline.warnings().stream()
                .filter(warning -> warning.kind() == kind)
                .map(TrainingWarning::tensor)
                .toList();
    }

    @ParameterizedTest
    @EnumSource(OptimizerKind.class)
    void aHealthyTrainingWarnsOfNothingAndHasEveryFigure(OptimizerKind kind) {
        Timeline timeline =
                timeline(config("mlp:784-48-32-10").optimizer(kind).epochs(6).build());
        assertEquals(List.of(), timeline.warnings());
        for (TimelinePoint point : timeline.points()) {
            assertEquals(
                    List.of("fc1.weight", "fc2.weight"),
                    point.activity().units().stream().map(UnitActivity::layer).toList());
            assertEquals(200, point.activity().units().get(0).samples());
        }
        for (TimelineSeries series : timeline.series()) {
            TimelineSeries.Moment last = series.moments().get(6);
            assertTrue(
                    last.gradientNorm().orElseThrow() > 0 && last.updateRatio().orElseThrow() > 0);
            assertEquals(
                    series.tensor().equals("fc1.weight") || series.tensor().equals("fc2.weight"),
                    last.neverFire().isPresent());
        }
    }

    @Test
    void initialWeightsThatAreTooSmallLetTheGradientVanish() {
        Timeline timeline = timeline(config("mlp:784-48-32-24-10")
                .rules(InitRules.of(Scheme.custom(1e-4)))
                .build());
        assertEquals(List.of("fc1.weight", "fc2.weight", "fc3.weight"), of(Kind.GRADIENT_VANISHES, timeline));
        assertEquals(
                3,
                timeline.points().get(3).warnings().stream()
                        .filter(w -> w.kind() == Kind.GRADIENT_VANISHES)
                        .count());
    }

    @Test
    void aLearningRateThatIsTooLargeExplodes() {
        Timeline timeline = timeline(config("mlp:784-48-32-10")
                .optimizer(OptimizerConfig.of(OptimizerKind.SGD).withLearningRate(300))
                .build());
        assertTrue(
                of(Kind.UPDATES_EXPLODE, timeline).contains("fc1.weight"),
                timeline.warnings().toString());
        Timeline wild = timeline(config("mlp:784-48-32-10")
                .optimizer(OptimizerConfig.of(OptimizerKind.SGD).withLearningRate(1e30))
                .epochs(1)
                .build());
        assertFalse(of(Kind.GRADIENT_EXPLODES, wild).isEmpty(), wild.warnings().toString());
        assertTrue(wild.points().get(1).activity().total().orElseThrow().notFinite() > 0);
    }

    @Test
    void biasesThatSilenceALayerMakeDeadUnits(@TempDir Path folder) throws Exception {
        InitRules rules = InitRules.he().with("fc1.bias", Scheme.constant(-200));
        try (TrainedModel trained =
                audited(config("mlp:784-48-32-10").rules(rules).epochs(2).build())) {
            Timeline timeline = trained.timeline().orElseThrow();
            assertTrue(
                    of(Kind.UNITS_DEAD, timeline).contains("fc1.weight"),
                    timeline.warnings().toString());
            assertEquals(
                    1,
                    timeline.points()
                            .get(2)
                            .activity()
                            .units("fc1.weight")
                            .orElseThrow()
                            .share());
            assertEquals(
                    OptionalDouble.of(0),
                    timeline.series().get(0).moments().get(2).gradientNorm());
            RunFolder.write(folder, trained, data, Normalization.NONE);
            assertEquals(
                    timeline,
                    Timeline.beside(folder.resolve("model.safetensors")).orElseThrow());
            List<String> lines = Files.readAllLines(folder.resolve("history.jsonl"));
            for (int epoch = 1; epoch <= 2; epoch++) {
                TimelinePoint point = timeline.points().get(epoch);
                JsonNode line = new ObjectMapper().readTree(lines.get(epoch - 1));
                assertEquals(epoch, line.path("epoch").asInt());
                TensorGradient total = point.activity().total().orElseThrow();
                assertEquals(
                        total.meanNorm().orElseThrow(),
                        line.path("gradientNorm").asDouble());
                assertEquals(
                        total.meanUpdateRatio().orElseThrow(),
                        line.path("updateRatio").asDouble());
                assertEquals(
                        point.activity().neverFire().orElseThrow(),
                        line.path("neverFire").asDouble());
                JsonNode layer = line.path("layers").path(2);
                assertEquals("fc2.weight", layer.path("tensor").asText());
                assertEquals(
                        point.tensors().get(2).movedPercent(),
                        layer.path("movedPercent").asDouble());
                assertEquals(
                        point.activity()
                                .gradient("fc2.weight")
                                .orElseThrow()
                                .meanNorm()
                                .orElseThrow(),
                        layer.path("gradientNorm").asDouble());
                assertTrue(layer.has("updateRatio") && layer.has("neverFire"), layer.toString());
            }
            assertTrue(lines.get(0).contains("\"units-dead\""), lines.get(0));
        }
    }

    /** A run that is continued keeps its points, hands them to its sink, and does not warn again of what goes on. */
    @Test
    void aTimelineIsContinuedFromItsPoints() {
        try (TrainedModel trained = audited(config("mlp:784-48-32-24-10")
                .rules(InitRules.of(Scheme.custom(1e-4)))
                .build())) {
            List<TimelinePoint> points = trained.timeline().orElseThrow().points();
            List<TimelinePoint> sunk = new ArrayList<>();
            TimelineSink sink = new TimelineSink() {
                @Override
                public void begin(Timeline.Header header) {}

                @Override
                public void point(TimelinePoint point) {
                    sunk.add(point);
                }
            };
            for (int from : new int[] {1, 3, 4}) {
                sunk.clear();
                LiveAudit live = LiveAudit.begin(
                        trained.parameters(),
                        LiveAudit.Source.of(trained.plan()),
                        AuditSchedule.epochs(1, Threshold.DEFAULT),
                        sink);
                live.restore(points.subList(0, from));
                assertEquals(points.subList(0, from), live.timeline().points());
                assertEquals(List.of(), sunk);
                // the model has the state of the last point
                TimelinePoint next = live.point(4, 48);
                assertEquals(points.get(4).tensors(), next.tensors());
                assertEquals(List.of(), next.warnings());
            }
        }
    }

    /** Ten layers of sigmoids, in DJL's own loop. */
    @Test
    void sigmoidsOneAfterTheOtherLetTheGradientVanish() throws Exception {
        List<float[]> plain = new ArrayList<>();
        List<float[]> heard = new ArrayList<>();
        List<Seeding> seeding = new ArrayList<>();
        sigmoids(seeding, plain, null);
        seeding.clear();
        AuditListener audit = AuditListener.of(
                () -> seeding.get(0).plan(), AuditSchedule.epochs(1, Threshold.DEFAULT), TimelineSink.NONE);
        sigmoids(seeding, heard, audit);
        Timeline timeline = audit.timeline().orElseThrow();
        List<String> vanishing = of(Kind.GRADIENT_VANISHES, timeline);
        assertTrue(vanishing.contains("fc1.weight") && vanishing.contains("fc4.weight"), vanishing.toString());
        assertFalse(vanishing.contains("fc10.weight"), vanishing.toString());
        assertEquals(List.of(), timeline.points().get(1).activity().units(), "a sigmoid has no zero region");
        assertEquals(8, timeline.points().get(1).activity().gradients().get(0).steps());
        TensorGradient last =
                timeline.points().get(4).activity().gradient("fc10.weight").orElseThrow();
        float[] before = plain.remove(plain.size() - 1);
        float[] gradient = plain.remove(plain.size() - 1);
        assertEquals(norm(gradient, new float[gradient.length]), last.norm().orElseThrow(), 1e-5);
        double change = norm(plain.get(18), before);
        assertEquals(
                change / norm(before, new float[before.length]),
                last.updateRatio().orElseThrow(),
                1e-4 * change);
        assertEquals(plain.size(), heard.size());
        for (int k = 0; k < plain.size(); k++) {
            assertArrayEquals(plain.get(k), heard.get(k), 0f);
        }
    }

    private static double norm(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += ((double) a[k] - b[k]) * ((double) a[k] - b[k]);
        }
        return Math.sqrt(sum);
    }

    /** Keeps gradient and values of the last matrix before every step. */
    private static TrainingListenerAdapter keeping(List<Seeding> seeding, List<float[]> kept) {
        return new TrainingListenerAdapter() {
            @Override
            public void onTrainingBatch(Trainer trainer, BatchData batch) {
                kept.clear();
                NDArray values = seeding.get(0).parameters().get("fc10.weight").getArray();
                try (NDArray gradient = values.getGradient()) {
                    kept.add(gradient.toFloatArray());
                }
                kept.add(values.toFloatArray());
            }
        };
    }

    /** The weights after training; without an audit also gradient and values of the last matrix before the last step. */
    private static void sigmoids(List<Seeding> seeding, List<float[]> weights, @Nullable AuditListener audit)
            throws Exception {
        SequentialBlock block = new SequentialBlock();
        for (int k = 0; k < 9; k++) {
            block.add(Linear.builder().setUnits(16).build()).add(Activation.sigmoidBlock());
        }
        block.add(Linear.builder().setUnits(10).build());
        DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optDevices(new Device[] {Device.cpu()})
                .optOptimizer(Optimizer.sgd()
                        .setLearningRateTracker(Tracker.fixed(0.1f))
                        .build());
        try (Model model = Model.newInstance("sigmoids", Device.cpu(), "PyTorch")) {
            model.setBlock(block);
            Seeding bound = Seeding.bind(block, 5, InitRules.of(Scheme.XAVIER));
            seeding.add(bound);
            List<float[]> kept = new ArrayList<>();
            config.addTrainingListeners(audit != null ? audit : keeping(seeding, kept));
            try (Trainer trainer = model.newTrainer(config);
                    NDManager manager = trainer.getManager().newSubManager()) {
                NDArray features = manager.create(train.features(), new Shape(train.count(), train.width()));
                if (audit != null) {
                    audit.probing(features);
                }
                trainer.initialize(new Shape(50, train.width()));
                long[] labels = Arrays.stream(train.labels()).asLongStream().toArray();
                ArrayDataset set = new ArrayDataset.Builder()
                        .setData(features)
                        .optLabels(manager.create(labels))
                        .setSampling(50, false)
                        .build();
                EasyTrain.fit(trainer, 4, set, null);
            }
            bound.parameters().values().forEach(p -> weights.add(p.getArray().toFloatArray()));
            weights.addAll(kept);
        }
    }
}
