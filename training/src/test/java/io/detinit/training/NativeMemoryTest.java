package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.TimelineSink;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** No native memory grows with the number of epochs: 50 epochs with everything that goes on between steps, in a JVM of their own. */
class NativeMemoryTest {

    private static final int EPOCHS = 50;
    private static final int FROM = 10;

    /** The most megabytes that the process may grow by in the last 40 epochs; a leak as below grows by four times that. */
    private static final long MEGABYTES = 24;

    /** Keeps an array of 128 kB a step; a forgotten activation of this training has 32 kB. */
    static final class Leak implements StepHook {
        private @Nullable TrainingRun run;

        @Override
        public void begin(TrainingRun begun) {
            run = begun;
        }

        @Override
        public void afterUpdate(Step step) {
            Objects.requireNonNull(run).manager().ones(new ai.djl.ndarray.types.Shape(32_768));
        }
    }

    /** Argument: whether to leak. Says after every epoch how many arrays there are, and the resident kilobytes (0 if unknown). */
    public static void main(String[] args) throws IOException {
        List<StepHook> hooks = Boolean.parseBoolean(args[0]) ? List.of(new Leak()) : List.of();
        TrainConfig config = TrainConfig.builder(io.detinit.models.ModelSpec.parse("mlp:20-256-256-4"), 3)
                .epochs(EPOCHS)
                .batch(32)
                .optimizer(io.detinit.training.optimizer.OptimizerKind.ADAM)
                .clipNorm(1)
                .labelSmoothing(0.1)
                .validation(0.2)
                .earlyStopping(new EarlyStopping(EPOCHS, 0))
                .device(DeviceChoice.CPU)
                .build();
        Samples train = SmallTraining.samples(800, 1);
        AtomicReference<@Nullable TrainingRun> begun = new AtomicReference<>();
        Path checkpoint = Files.createTempDirectory("memory").resolve(TrainingState.FILE);
        TrainingLoop.of(config, train, SmallTraining.samples(200, 2))
                .starter(with -> {
                    TrainingRun run = TrainingRun.begin(config, train, with);
                    begun.set(run);
                    return run;
                })
                .hooks(hooks)
                .audit(AuditSchedule.epochs(1, io.detinit.interop.audit.Threshold.DEFAULT), TimelineSink.NONE)
                .checkpoint(checkpoint)
                .listener(new TrainingListener() {
                    @Override
                    public void onEpoch(EpochResult result) {
                        System.gc(); // arrays may be freed by the collector, the heap is no part of the question
                        int arrays = Objects.requireNonNull(begun.get())
                                .model()
                                .getNDManager()
                                .getManagedArrays()
                                .size();
                        System.out.println("epoch " + arrays + " " + resident());
                    }
                })
                .train()
                .close();
        Files.delete(checkpoint);
        Files.delete(checkpoint.getParent());
    }

    private static long resident() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Arrays and resident megabytes that came on between epoch 10 and epoch 50. */
    private static long[] growth(boolean leak) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms64m",
                        "-Xmx64m",
                        "-XX:+AlwaysPreTouch",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NativeMemoryTest.class.getName(),
                        String.valueOf(leak))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        List<String[]> epochs = output.lines()
                .filter(line -> line.startsWith("epoch "))
                .map(line -> line.split(" "))
                .toList();
        assertEquals(EPOCHS, epochs.size(), output);
        String[] from = epochs.get(FROM - 1);
        String[] to = epochs.get(EPOCHS - 1);
        return new long[] {
            Long.parseLong(to[1]) - Long.parseLong(from[1]), (Long.parseLong(to[2]) - Long.parseLong(from[2])) / 1024
        };
    }

    @Test
    void fiftyEpochsDoNotGrow() throws IOException, InterruptedException {
        long[] growth = growth(false);
        assertEquals(0, growth[0], "arrays that are left");
        assertTrue(growth[1] < MEGABYTES, growth[1] + " MB more");
    }

    /** What the test above would see. */
    @Test
    void aLeakIsSeen() throws IOException, InterruptedException {
        long[] growth = growth(true);
        assertEquals(20 * 40, growth[0], "20 steps in each of 40 epochs");
        if (Files.exists(Path.of("/proc/self/status"))) {
            assertTrue(growth[1] > 2 * MEGABYTES, growth[1] + " MB more");
        }
    }
}
