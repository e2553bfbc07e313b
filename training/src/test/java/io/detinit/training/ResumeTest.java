package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.optimizer.LearningRateSchedule;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineSink;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A training that was stopped, or killed, and resumed has the bits of one that never was. */
class ResumeTest {

    private static final int EPOCHS = 4;
    private static final AuditSchedule AUDITS = AuditSchedule.steps(5, Threshold.DEFAULT);

    @TempDir
    Path folder;

    /** What must not depend on when training was stopped: everything but the seconds. */
    private record Outcome(
            Map<String, List<Integer>> bits,
            List<EpochResult> history,
            EpochResult result,
            List<TimelinePoint> points) {

        static Outcome of(TrainingLoop loop) {
            try (TrainedModel trained = loop.train()) {
                return new Outcome(
                        SmallTraining.bits(trained.parameters()),
                        trained.history().stream().map(Outcome::timeless).toList(),
                        timeless(trained.result()),
                        trained.timeline().orElseThrow().points().stream()
                                .map(p ->
                                        new TimelinePoint(p.epoch(), p.step(), 0, p.total(), p.tensors(), p.warnings()))
                                .toList());
            }
        }

        private static EpochResult timeless(EpochResult r) {
            return new EpochResult(
                    r.epoch(), r.trainLoss(), r.testLoss(), r.testAccuracy(), 0, r.learningRate(), r.validation());
        }
    }

    private Path file() {
        return folder.resolve(TrainingState.FILE);
    }

    private TrainingLoop loop(SmallTraining training, int epochs, TimelineSink sink) {
        return training.loop(training.config(epochs).build())
                .audit(AUDITS, sink)
                .checkpoint(file());
    }

    private Outcome resumed(SmallTraining training, int epochs, Timeline timeline) throws IOException {
        TrainConfig config = training.config(epochs).build();
        try (TrainingState state = TrainingState.open(file())) {
            List<TimelinePoint> points = state.pointsOf(timeline, config);
            return Outcome.of(loop(training, epochs, TimelineSink.NONE).resume(state, points));
        }
    }

    /** Keeps what a file would. */
    private static final class Kept implements TimelineSink {
        private Timeline timeline =
                new Timeline(new Timeline.Header("none", java.util.OptionalLong.empty(), AUDITS), List.of());

        @Override
        public void begin(Timeline.Header header) {
            timeline = new Timeline(header, List.of());
        }

        @Override
        public void point(TimelinePoint point) {
            List<TimelinePoint> points = new ArrayList<>(timeline.points());
            points.add(point);
            timeline = new Timeline(timeline.header(), points);
        }
    }

    @ParameterizedTest
    @EnumSource(SmallTraining.class)
    void stoppedAtAnyStepAndResumedIsTheSame(SmallTraining training) throws IOException {
        Outcome never = Outcome.of(loop(training, EPOCHS, TimelineSink.NONE));
        int steps = 0;
        for (int stop = 0; ; stop++) {
            AtomicInteger left = new AtomicInteger(stop);
            Kept kept = new Kept();
            TrainingLoop first = loop(training, EPOCHS, kept).stopWhen(() -> left.getAndDecrement() == 0);
            boolean stopped = false;
            try {
                first.train().close();
            } catch (TrainingStoppedException e) {
                stopped = true;
                assertEquals(stop, e.steps());
                assertEquals(file(), e.checkpoint().orElseThrow());
            }
            if (!stopped) {
                break;
            }
            steps++;
            assertEquals(never, resumed(training, EPOCHS, kept.timeline), training + " stopped after step " + stop);
        }
        assertTrue(steps > 10, steps + " steps");
    }

    /** SIGKILL at random moments, twice in a row; every run of this test takes other moments. */
    @ParameterizedTest
    @EnumSource(
            value = SmallTraining.class,
            names = {"MOMENTUM", "ADAM"})
    void killedAtARandomMomentAndResumedIsTheSame(SmallTraining training) throws Exception {
        long seed = Long.getLong("detinit.test.seed", System.nanoTime());
        Random random = new Random(seed);
        Outcome never = Outcome.of(loop(training, EPOCHS, TimelineSink.NONE));
        Path timeline = folder.resolve(Timeline.FILE);
        for (int kill = 0; kill < 2; kill++) {
            Process process = KilledTraining.start(folder, training, EPOCHS, kill > 0);
            int line = 1 + random.nextInt(8);
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (int k = 0; k < line; k++) {
                    assertTrue(String.valueOf(lines.readLine()).startsWith("step "), "seed " + seed);
                }
                TimeUnit.MICROSECONDS.sleep(random.nextInt(4000));
                process.destroyForcibly().waitFor();
            }
        }
        Outcome after = resumed(training, EPOCHS, Timeline.read(timeline));
        assertEquals(never, after, "-Ddetinit.test.seed=" + seed);
    }

    @ParameterizedTest
    @EnumSource(
            value = SmallTraining.class,
            names = {"SGD", "MOMENTUM"})
    void aFinishedTrainingGoesOnWithMoreEpochs(SmallTraining training) throws IOException {
        Kept kept = new Kept();
        Outcome.of(loop(training, 2, kept));
        assertEquals(
                Outcome.of(loop(training, EPOCHS, TimelineSink.NONE).checkpoint(folder.resolve("other"))),
                resumed(training, EPOCHS, kept.timeline));
    }

    @Test
    void whatAHookRemembersIsKept() throws IOException {
        // subtracts the mean of all gradients that were
        final class Averaging implements StepHook {
            private @Nullable NDArray sum;

            private NDArray sum() {
                return Objects.requireNonNull(sum);
            }

            @Override
            public void begin(TrainingRun run) {
                sum = run.manager().zeros(new Shape(SmallTraining.CLASSES));
            }

            @Override
            public void beforeUpdate(Step step) {
                NDArray bias = step.weights().get(step.weights().size() - 1).gradient();
                sum().addi(bias);
                try (NDArray mean = sum().div(step.number())) {
                    bias.subi(mean);
                }
            }

            @Override
            public Map<String, Object> describe() {
                return Map.of("averaging", 1);
            }

            @Override
            public Map<String, NDArray> state() {
                return Map.of("sum", sum());
            }

            @Override
            public void restore(Map<String, NDArray> state) {
                InPlace.copy(Objects.requireNonNull(state.get("sum")), sum());
            }
        }
        TrainingLoop plain = loop(SmallTraining.SGD, EPOCHS, TimelineSink.NONE);
        Outcome without = Outcome.of(plain);
        Outcome never =
                Outcome.of(loop(SmallTraining.SGD, EPOCHS, TimelineSink.NONE).hooks(List.of(new Averaging())));
        assertNotEquals(without.bits(), never.bits());
        AtomicInteger left = new AtomicInteger(8);
        Kept kept = new Kept();
        TrainingLoop first = loop(SmallTraining.SGD, EPOCHS, kept)
                .hooks(List.of(new Averaging()))
                .stopWhen(() -> left.getAndDecrement() == 0);
        assertThrows(TrainingStoppedException.class, first::train);
        try (TrainingState state = TrainingState.open(file())) {
            TrainingLoop again = loop(SmallTraining.SGD, EPOCHS, TimelineSink.NONE)
                    .hooks(List.of(new Averaging()))
                    .resume(state, kept.timeline.points());
            assertEquals(never, Outcome.of(again));
            TrainingLoop other =
                    loop(SmallTraining.SGD, EPOCHS, TimelineSink.NONE).resume(state, List.of());
            String message =
                    assertThrows(IllegalArgumentException.class, other::train).getMessage();
            assertTrue(message.contains("averaging 1, not absent"), message);
        }
    }

    @Test
    void anotherTrainingIsRefusedAndTheDifferenceNamed() throws IOException {
        loop(SmallTraining.SGD, 2, TimelineSink.NONE).train().close();
        assertRefused(SmallTraining.SGD.config(2).batch(8), "batch 16, not 8");
        assertRefused(SmallTraining.SGD.config(2).seed(5), "seed 11, not 5");
        assertRefused(SmallTraining.SGD.config(2).labelSmoothing(0.1), "labelSmoothing 0.0, not 0.1");
        assertRefused(SmallTraining.SGD.config(2).clipNorm(1), "clipNorm absent, not 1.0");
        assertRefused(
                SmallTraining.SGD.config(2).schedule(LearningRateSchedule.parse("cosine", 0)),
                "schedule constant, not cosine");
        assertRefused(SmallTraining.SGD.config(1), "2 epochs, not 1");
        try (TrainingState state = TrainingState.open(file())) {
            TrainConfig config = SmallTraining.SGD.config(2).build();
            Samples test = SmallTraining.samples(40, 2);
            TrainingLoop other = TrainingLoop.of(config, SmallTraining.samples(SmallTraining.SAMPLES, 9), test)
                    .audit(AUDITS, TimelineSink.NONE);
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> other.resume(state, List.of()).train())
                    .getMessage();
            assertTrue(message.contains("trainSamples "), message);
            assertEquals(1, message.lines().count());
        }
    }

    private void assertRefused(TrainConfig.Builder builder, String difference) throws IOException {
        TrainConfig config = builder.build();
        try (TrainingState state = TrainingState.open(file())) {
            TrainingLoop loop = SmallTraining.SGD
                    .loop(config)
                    .audit(AUDITS, TimelineSink.NONE)
                    .resume(state, List.of());
            String message =
                    assertThrows(IllegalArgumentException.class, loop::train).getMessage();
            assertTrue(message.contains("begun with " + difference), message);
            assertTrue(message.contains(file().toString()), message);
        }
    }

    @Test
    void aDamagedCheckpointIsNamed() throws IOException {
        loop(SmallTraining.MOMENTUM, 1, TimelineSink.NONE).train().close();
        byte[] good = Files.readAllBytes(file());
        String text = new String(good, StandardCharsets.ISO_8859_1);
        for (int length : new int[] {0, 7, 100, good.length / 2, good.length - 1}) {
            Files.write(file(), Arrays.copyOf(good, length));
            assertThrows(
                    MalformedFileException.class,
                    () -> TrainingState.open(file()).close(),
                    length + " bytes");
        }
        damage(text, "detinit-checkpoint/1", "detinit-checkpoint/9");
        damage(text, "detinit.training", "detinit.trainine");
        damage(text, "\\\"step\\\":6,", "\\\"step\\\":1,");
        damage(text, "detinit.optimizer.momentum.fc1.weight", "detinit.optimizer.momentum.fc9.weight");
        damage(text, "detinit.loss_sum", "detinit.loss_sun");
        Files.write(file(), good);
        try (TrainingState state = TrainingState.open(file())) {
            assertEquals(6, state.steps());
            assertEquals(1, state.history().size());
            assertEquals(
                    List.of(),
                    state.environmentDifferences(
                            SmallTraining.MOMENTUM.config(1).build()));
        }
    }

    private void damage(String text, String good, String bad) throws IOException {
        assertTrue(text.contains(good), good + " in " + text.substring(0, 3000));
        Files.write(file(), text.replace(good, bad).getBytes(StandardCharsets.ISO_8859_1));
        Exception thrown = assertThrows(Exception.class, () -> {
            try (TrainingState state = TrainingState.open(file())) {
                loop(SmallTraining.MOMENTUM, 1, TimelineSink.NONE)
                        .resume(state, List.of())
                        .train()
                        .close();
            }
        });
        Throwable cause = thrown instanceof java.io.UncheckedIOException ? thrown.getCause() : thrown;
        assertTrue(cause instanceof MalformedFileException, bad + ": " + cause);
    }
}
