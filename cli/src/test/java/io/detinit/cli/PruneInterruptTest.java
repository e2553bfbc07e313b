package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code prune} over its own input, without room and killed. */
class PruneInterruptTest {

    private static final TensorShape SHAPE = TensorShape.of(2048, 2048);
    private static final int KILLS = 6;

    @TempDir
    Path folder;

    private Path model = Path.of("");

    @BeforeEach
    void model() throws IOException {
        model = folder.resolve("model.safetensors");
        float[] weights = new float[(int) SHAPE.elements()];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = k % 2 == 0 ? 1 : 0.001f;
        }
        SafetensorsWriter.write(model, List.of(ArrayTensor.of("a.weight", SHAPE, weights)), Map.of());
    }

    private List<String> command() {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of("prune", model.toString(), "-o", model.toString(), "--force"));
        command.addAll(List.of("--criterion", "magnitude", "--threshold", "0.5", "--fill", "zero"));
        return command;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    /** The kernel refuses to let a file grow beyond 3 MB: the same way through the program as a full disk. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskIsOneLineAndTheOldFileStays() throws IOException, InterruptedException {
        byte[] old = Files.readAllBytes(model);
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 6000; exec \"$@\"", "sh"));
        command.addAll(command());
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        String messages = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(ExitCode.IO, process.waitFor(), messages);
        assertEquals(1, messages.lines().count(), messages);
        assertTrue(messages.contains("File too large"), messages);
        assertArrayEquals(old, Files.readAllBytes(model));
        assertEquals(List.of("model.safetensors"), files());
    }

    @Test
    void aKilledCommandLeavesItsInputOrItsOutput() throws IOException, InterruptedException {
        float[] before = weights();
        float[] after = before.clone();
        for (int k = 1; k < after.length; k += 2) {
            after[k] = 0;
        }
        byte[] old = Files.readAllBytes(model);
        for (int kill = 0; kill < KILLS; kill++) {
            Files.write(model, old);
            Process process = new ProcessBuilder(command())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (kill < KILLS - 1) {
                awaitTemporary(process);
                process.waitFor(2L * kill, TimeUnit.MILLISECONDS);
                process.destroyForcibly().waitFor();
            } else {
                assertEquals(0, process.waitFor());
            }
            float[] found = weights();
            assertTrue(
                    Arrays.equals(found, after) || (kill < KILLS - 1 && Arrays.equals(old, Files.readAllBytes(model))),
                    "old or new");
        }
        assertEquals(List.of("model.safetensors"), files(), "the last one removed what the killed ones left");
    }

    /** Until the command has begun to write. */
    private void awaitTemporary(Process process) throws IOException, InterruptedException {
        int before = files().size();
        while (process.isAlive() && files().size() <= before) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private float[] weights() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(model)) {
            float[] values = new float[(int) SHAPE.elements()];
            file.find("a.weight").orElseThrow().readFloats(0, values, 0, values.length);
            return values;
        }
    }
}
