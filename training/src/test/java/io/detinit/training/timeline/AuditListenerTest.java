package io.detinit.training.timeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.tensor.ArrayTensor;
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
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Audits of parameters that are being trained, in this project's loop and in DJL's. */
class AuditListenerTest {

    private static final ModelSpec MODEL = ModelSpec.parse("mlp:784-32-24-10");
    private static final int BATCH = 50;

    private static ImageData data;
    private static Samples train;
    private static Samples test;

    @TempDir
    Path folder;

    @BeforeAll
    static void draw() {
        ImageData digits = ProceduralDigits.generate();
        data = new ImageData("few", first(digits.train(), 1000), first(digits.test(), 200));
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

    private static TrainConfig config(int epochs, double learningRate) {
        return TrainConfig.builder(MODEL, 42)
                .epochs(epochs)
                .batch(BATCH)
                .optimizer(OptimizerConfig.of(OptimizerKind.SGD).withLearningRate(learningRate))
                .device(DeviceChoice.CPU)
                .build();
    }

    private static TrainedModel audited(int epochs, double learningRate, AuditSchedule schedule) {
        return TrainingLoop.trainAudited(
                config(epochs, learningRate),
                train,
                test,
                List.of(),
                TrainingListener.NONE,
                schedule,
                TimelineSink.NONE);
    }

    private static AuditSchedule everyEpoch() {
        return AuditSchedule.epochs(1, Threshold.DEFAULT, new Threshold(0.1, Threshold.Kind.STD));
    }

    private static List<Kind> kinds(Timeline timeline) {
        return timeline.warnings().stream().map(TrainingWarning::kind).toList();
    }

    private static List<Long> steps(Timeline timeline) {
        return timeline.points().stream().map(TimelinePoint::step).toList();
    }

    private static List<float[]> weights(Map<String, Parameter> parameters) {
        List<float[]> all = new ArrayList<>();
        parameters.values().forEach(p -> all.add(p.getArray().toFloatArray()));
        return all;
    }

    private static void assertSame(List<float[]> expected, List<float[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int k = 0; k < expected.size(); k++) {
            assertArrayEquals(expected.get(k), actual.get(k), 0f);
        }
    }

    @Test
    void auditsChangeNoBitOfTheTrainingAndLeaveNoArray() {
        try (TrainedModel plain = TrainingLoop.train(config(2, 0.1), train, test, TrainingListener.NONE);
                TrainedModel epochs = audited(2, 0.1, everyEpoch());
                TrainedModel steps = audited(2, 0.1, AuditSchedule.steps(1, Threshold.DEFAULT))) {
            assertSame(weights(plain.parameters()), weights(epochs.parameters()));
            assertSame(weights(plain.parameters()), weights(steps.parameters()));
            assertEquals(41, steps.timeline().orElseThrow().points().size());
            int arrays = plain.model().getNDManager().getManagedArrays().size();
            assertEquals(
                    arrays, epochs.model().getNDManager().getManagedArrays().size());
            assertEquals(arrays, steps.model().getNDManager().getManagedArrays().size());
            assertTrue(plain.timeline().isEmpty());
        }
    }

    @Test
    void aHealthyTrainingBeginsAtItsInitialValuesAndHasNoWarning() throws Exception {
        List<TimelinePoint> heard = new ArrayList<>();
        TrainingListener listener = new TrainingListener() {
            @Override
            public void onAudit(TimelinePoint point) {
                heard.add(point);
            }
        };
        try (TrainedModel trained = TrainingLoop.trainAudited(
                config(6, 0.1), train, test, List.of(), listener, everyEpoch(), TimelineSink.NONE)) {
            Timeline timeline = trained.timeline().orElseThrow();
            assertEquals(List.of(), timeline.warnings());
            assertEquals(List.of(0L, 20L, 40L, 60L, 80L, 100L, 120L), steps(timeline));
            assertEquals(timeline.points(), heard);
            TensorMovement start = timeline.points().get(0).total();
            assertEquals(0, start.movedPercent());
            assertEquals(start.elements(), start.bitIdentical());
            AuditReport after = new Auditor(new AuditOptions(everyEpoch().thresholds(), 1, false), 2)
                    .audit(trained.tensors(), Baseline.of(trained.plan(), trained.tensors()));
            TimelinePoint last = timeline.points().get(6);
            assertEquals(after.tensors().stream().map(TensorMovement::of).toList(), last.tensors());
            assertEquals(TensorMovement.ofAll(after.total()), last.total());
            assertTrue(last.tensors().get(0).deadInputs().orElseThrow() >= 208, "the border is always black");
        }
    }

    @Test
    void anAbsurdLearningRateExplodes() {
        try (TrainedModel trained = audited(2, 1000, everyEpoch())) {
            List<Kind> kinds = kinds(trained.timeline().orElseThrow());
            assertTrue(kinds.contains(Kind.EXPLODES) || kinds.contains(Kind.NOT_FINITE), kinds.toString());
            assertFalse(
                    trained.timeline().orElseThrow().points().get(1).warnings().isEmpty(), "said at once");
        }
        try (TrainedModel trained = audited(1, 1e30, everyEpoch())) {
            assertTrue(kinds(trained.timeline().orElseThrow()).contains(Kind.NOT_FINITE));
        }
    }

    @Test
    void aLearningRateBelowTheWeightsPrecisionIsAStandstill() {
        try (TrainedModel trained = audited(1, 1e-30, AuditSchedule.epochs(1, Threshold.DEFAULT))) {
            Timeline timeline = trained.timeline().orElseThrow();
            // biases begin at 0, where any step is a change; every matrix stands still
            List<String> frozen = timeline.warnings().stream()
                    .filter(w -> w.kind() == Kind.FROZEN)
                    .map(TrainingWarning::tensor)
                    .toList();
            assertEquals(List.of("fc1.weight", "fc2.weight", "fc3.weight"), frozen);
        }
    }

    /** What DJL's own loop leaves. */
    private record Fit(List<float[]> weights, int arrays) {}

    private static Fit fit(
            int epochs, float learningRate, Consumer<Model> prepare, ai.djl.training.listener.TrainingListener... own)
            throws Exception {
        DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .optDevices(new Device[] {Device.cpu()})
                .optOptimizer(Optimizer.sgd()
                        .setLearningRateTracker(Tracker.fixed(learningRate))
                        .build());
        config.addTrainingListeners(own);
        try (Model model = Model.newInstance("fit", Device.cpu(), "PyTorch")) {
            model.setBlock(MODEL.newBlock());
            prepare.accept(model);
            try (Trainer trainer = model.newTrainer(config);
                    NDManager manager = trainer.getManager().newSubManager()) {
                trainer.initialize(new Shape(BATCH, train.width()));
                long[] labels = Arrays.stream(train.labels()).asLongStream().toArray();
                ArrayDataset set = new ArrayDataset.Builder()
                        .setData(manager.create(train.features(), new Shape(train.count(), train.width())))
                        .optLabels(manager.create(labels))
                        .setSampling(BATCH, false)
                        .build();
                EasyTrain.fit(trainer, epochs, set, null);
            }
            List<float[]> weights = new ArrayList<>();
            model.getBlock()
                    .getParameters()
                    .values()
                    .forEach(p -> weights.add(p.getArray().toFloatArray()));
            return new Fit(weights, model.getNDManager().getManagedArrays().size());
        }
    }

    private static AuditListener listener(List<Seeding> seeding, AuditSchedule schedule, TimelineSink sink) {
        return AuditListener.of(() -> seeding.get(0).plan(), schedule, sink);
    }

    @Test
    void djlsOwnLoopIsAuditedAndNotChanged() throws Exception {
        Path file = folder.resolve("timeline.jsonl");
        List<Seeding> seeding = new ArrayList<>();
        Consumer<Model> prepare = model -> {
            seeding.clear();
            seeding.add(Seeding.bind(model.getBlock(), 5, InitRules.he()));
        };
        Fit plain = fit(3, 0.1f, prepare);
        try (TimelineWriter writer = TimelineWriter.open(file)) {
            AuditListener audit = listener(seeding, AuditSchedule.epochs(2, Threshold.DEFAULT), writer);
            Fit heard = fit(3, 0.1f, prepare, audit);
            assertSame(plain.weights(), heard.weights());
            assertEquals(plain.arrays(), heard.arrays());
            Timeline timeline = audit.timeline().orElseThrow();
            assertEquals(List.of(0L, 40L, 60L), steps(timeline), "the start, epoch 2, and the end");
            assertEquals(3, timeline.points().get(2).epoch());
            assertEquals(List.of(), timeline.warnings());
            assertEquals(0, timeline.points().get(0).total().movedPercent());
            assertEquals(timeline, Timeline.read(file));
        }
        AuditListener steps = listener(seeding, AuditSchedule.steps(16, Threshold.DEFAULT), TimelineSink.NONE);
        Fit heard = fit(2, 0.1f, prepare, steps);
        assertEquals(plain.arrays(), heard.arrays());
        Timeline timeline = steps.timeline().orElseThrow();
        assertEquals(List.of(0L, 16L, 32L, 40L), steps(timeline));
        assertEquals(
                List.of(0.0, 0.8, 1.6, 2.0),
                timeline.points().stream().map(TimelinePoint::epoch).toList());
    }

    @Test
    void aFrozenLayerIsNamedAndTheOthersAreNot() throws Exception {
        List<Seeding> seeding = new ArrayList<>();
        AuditListener audit = listener(seeding, everyEpoch(), TimelineSink.NONE);
        fit(
                3,
                0.1f,
                model -> {
                    seeding.add(Seeding.bind(model.getBlock(), 5, InitRules.he()));
                    Parameter frozen = seeding.get(0).parameters().get("fc2.weight");
                    frozen.freeze(true);
                },
                audit);
        Timeline timeline = audit.timeline().orElseThrow();
        List<TrainingWarning> warnings = timeline.warnings();
        assertEquals(1, warnings.size(), warnings.toString());
        assertEquals(Kind.FROZEN, warnings.get(0).kind());
        assertEquals("fc2.weight", warnings.get(0).tensor());
        assertEquals(1, timeline.points().get(1).warnings().size(), "after the first epoch");
    }

    @Test
    void weightsOfAnotherSeedAreNoticedBeforeTheFirstStep() throws Exception {
        List<InitPlan> plan = new ArrayList<>();
        AuditListener audit = AuditListener.of(() -> plan.get(0), everyEpoch(), TimelineSink.NONE);
        fit(
                1,
                0.1f,
                model -> {
                    NDManager manager = model.getNDManager();
                    InitPlan seeded = Seeding.seed(
                            model.getBlock(),
                            6,
                            InitRules.he(),
                            manager,
                            ai.djl.ndarray.types.DataType.FLOAT32,
                            new Shape(BATCH, train.width()));
                    plan.add(new InitPlan(5, seeded.tensors()));
                },
                audit);
        List<TrainingWarning> first =
                audit.timeline().orElseThrow().points().get(0).warnings();
        assertEquals(
                List.of("fc1.weight", "fc2.weight", "fc3.weight"),
                first.stream().map(TrainingWarning::tensor).toList());
        assertTrue(first.stream().allMatch(w -> w.kind() == Kind.NOT_SEEDED));
    }

    @Test
    void theRunFolderKeepsTheTimelineAndTheWarnings() throws Exception {
        try (TrainedModel trained = audited(2, 1000, AuditSchedule.steps(16, Threshold.DEFAULT))) {
            RunFolder.write(folder, trained, data, Normalization.NONE);
            Timeline timeline = trained.timeline().orElseThrow();
            assertEquals(List.of(0L, 16L, 32L, 40L), steps(timeline));
            Timeline kept = Timeline.beside(folder.resolve("model.safetensors")).orElseThrow();
            assertEquals(timeline.warnings(), kept.warnings());
            assertEquals(steps(timeline), steps(kept));
            List<String> history = Files.readAllLines(folder.resolve("history.jsonl"));
            ObjectMapper mapper = new ObjectMapper();
            int inHistory = 0;
            for (String line : history) {
                inHistory += mapper.readTree(line).path("warnings").size();
            }
            assertEquals(timeline.warnings().size(), inHistory);
            assertTrue(inHistory > 0);
            JsonNode card = mapper.readTree(folder.resolve("run.json").toFile()).path("audit");
            assertEquals("timeline.jsonl", card.path("timeline").asText());
            assertEquals(4, card.path("points").asInt());
            assertEquals(inHistory, card.path("warnings").asInt());
        }
    }

    @Test
    void aBaselineServesAsWell() throws Exception {
        List<ArrayTensor> start = new ArrayList<>();
        List<AuditListener> audit = new ArrayList<>();
        InitPlan plan;
        try (Model model = Model.newInstance("start", Device.cpu(), "PyTorch")) {
            model.setBlock(MODEL.newBlock());
            plan = Seeding.seed(
                    model.getBlock(),
                    8,
                    InitRules.he(),
                    model.getNDManager(),
                    ai.djl.ndarray.types.DataType.FLOAT32,
                    new Shape(BATCH, train.width()));
            start.addAll(io.detinit.interop.djl.DjlTensors.of(io.detinit.models.ParameterNames.of(model.getBlock())));
        }
        audit.add(AuditListener.of(Baseline.of(plan, start), everyEpoch(), TimelineSink.NONE));
        fit(1, 0.1f, model -> Seeding.bind(model.getBlock(), 8, InitRules.he()), audit.get(0));
        Timeline timeline = audit.get(0).timeline().orElseThrow();
        assertEquals(List.of(), timeline.warnings());
        assertEquals(2, timeline.points().size());
    }
}
