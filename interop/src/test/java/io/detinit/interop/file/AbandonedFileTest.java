package io.detinit.interop.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Temporary files of writers that live, of writers that died, and files that only look like them. */
class AbandonedFileTest {

    @TempDir
    Path folder;

    private Path file(String name) throws IOException {
        return Files.writeString(folder.resolve(name), "x");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatADeadWriterLeftIsRemovedAndNothingElse() throws IOException {
        file(".m.onnx.0123456789ab.tmp");
        file(".m.onnx.2.data.0123456789ab.tmp");
        file(".m.onnx.0123456789AB.tmp");
        file(".m.onnx.0123456789.tmp");
        file(".m-onnx.0123456789ab.tmp");
        file(".other.onnx.0123456789ab.tmp");
        Files.createDirectory(folder.resolve(".m.onnx.0123456789ac.tmp"));
        AtomicFile.write(folder.resolve("m.onnx"), new byte[] {1});
        assertEquals(
                List.of(
                        ".m-onnx.0123456789ab.tmp",
                        ".m.onnx.0123456789.tmp",
                        ".m.onnx.0123456789AB.tmp",
                        ".m.onnx.0123456789ac.tmp",
                        ".other.onnx.0123456789ab.tmp",
                        "m.onnx"),
                names());
    }

    @Test
    void aWriterOfThisProcessIsLeftAloneByAnother() throws IOException {
        Path target = folder.resolve("m");
        AtomicFile.write(target, channel -> {
            channel.write(ByteBuffer.wrap("outer".getBytes(StandardCharsets.UTF_8)));
            AtomicFile.write(target, "inner".getBytes(StandardCharsets.UTF_8));
            assertEquals("inner", Files.readString(target));
        });
        assertEquals("outer", Files.readString(target));
        assertEquals(List.of("m"), names());
    }

    @Test
    void aWriterOfAnotherProcessIsLeftAlone() throws IOException, InterruptedException {
        Path target = folder.resolve("m");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        SlowWriter.class.getName(),
                        target.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertEquals('1', process.getInputStream().read(), "it has begun to write");
            AtomicFile.write(target, "mine".getBytes(StandardCharsets.UTF_8));
            assertEquals("mine", Files.readString(target));
            assertTrue(names().size() == 2, "its temporary file is there: " + names());
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly();
        }
        assertEquals("its", Files.readString(target));
        assertFalse(names().size() > 1);
    }
}
