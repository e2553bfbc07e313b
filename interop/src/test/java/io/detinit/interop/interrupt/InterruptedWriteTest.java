package io.detinit.interop.interrupt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Writers that are killed or find no room leave the old file or a whole new one. */
class InterruptedWriteTest {

    private static final int KILLS = 12;
    private static final int LONGEST_MILLISECONDS = 250;

    @TempDir
    Path folder;

    private Path out = Path.of("");

    @BeforeEach
    void models() throws IOException {
        out = Files.createDirectory(folder.resolve(RewriteLoop.OUTPUT));
        for (WrittenModel model : WrittenModel.values()) {
            model.create(folder);
            RewriteLoop.rewrite(model, folder, out, 0);
        }
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                RewriteLoop.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private long temporaries() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".tmp")).count();
        }
    }

    private void killAfter(Random random, float start) throws IOException, InterruptedException {
        Path started = folder.resolve("started");
        Files.deleteIfExists(started);
        Process process = new ProcessBuilder(java("loop", folder.toString(), Float.toString(start)))
                .inheritIO()
                .start();
        try {
            while (!Files.exists(started) && process.isAlive()) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            boolean ended = process.waitFor(random.nextInt(LONGEST_MILLISECONDS), TimeUnit.MILLISECONDS);
            assertTrue(!ended, "the program writes until it is killed");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** What every element of every model is; the models that no write reached have their last number. */
    private List<Float> numbers() throws IOException {
        List<Float> numbers = new ArrayList<>();
        for (WrittenModel model : WrittenModel.values()) {
            try (Checkpoint copy = Checkpoints.open(model.in(out));
                    Checkpoint inPlace = Checkpoints.open(model.in(folder))) {
                numbers.add(WrittenModel.number(copy));
                numbers.add(WrittenModel.number(inPlace));
            }
        }
        return numbers;
    }

    @Test
    void aKilledWriterLeavesTheOldFileOrTheNewOne() throws IOException, InterruptedException {
        Random random = new Random(1);
        List<Float> before = numbers();
        long inTheMiddle = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            float start = 1000 * (kill + 1);
            killAfter(random, start);
            inTheMiddle += temporaries() > 0 ? 1 : 0;
            List<Float> after = numbers();
            for (int k = 0; k < after.size(); k++) {
                float number = after.get(k);
                boolean old = number == before.get(k);
                assertTrue(old || (number >= start && number < start + 1000), "old or new");
            }
            before = after;
        }
        assertTrue(inTheMiddle > 0, "some were killed while they wrote");
        for (WrittenModel model : WrittenModel.values()) {
            RewriteLoop.rewrite(model, folder, out, 5);
            RewriteLoop.rewrite(model, folder, folder, 5);
        }
        assertEquals(0, temporaries(), "the next write removes what killed ones left");
    }

    /** The kernel refuses to let a file grow further: the same way through the program as a full disk. */
    @ParameterizedTest
    @EnumSource
    @EnabledOnOs(OS.LINUX)
    void aWriterWithoutRoomLeavesTheOldFile(WrittenModel model) throws IOException, InterruptedException {
        byte[] old = Files.readAllBytes(model.in(out));
        List<String> files = files();
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 6000; exec \"$@\"", "sh")); // 3 MB
        command.addAll(java("once", folder.toString(), model.name()));
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertEquals(0, process.waitFor());
        assertEquals("IOException", Files.readString(folder.resolve("result")));
        Files.delete(folder.resolve("result"));
        assertArrayEquals(old, Files.readAllBytes(model.in(out)));
        assertEquals(files, files(), "nothing temporary is left, no data file went or came");
        try (Checkpoint checkpoint = Checkpoints.open(model.in(out))) {
            assertEquals(0, WrittenModel.number(checkpoint));
        }
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }
}
