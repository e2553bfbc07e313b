package io.detinit.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Real files of other people and programs, which lie beside the repository and are never part of it. */
public final class SharedFiles {

    private SharedFiles() {}

    /** A path below the folder {@code shared} beside the repository; the test is skipped where it is missing. */
    public static Path path(String below) {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolveSibling("shared"))) {
            folder = folder.getParent();
        }
        assumeTrue(folder != null, "no folder 'shared' beside the repository");
        Path path = folder.resolveSibling("shared").resolve(below);
        assumeTrue(Files.exists(path), "shared/" + below + " is missing");
        return path;
    }

    /** The files in a folder below {@code shared}, sorted. */
    public static List<Path> files(String below) {
        try (Stream<Path> files = Files.list(path(below))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
