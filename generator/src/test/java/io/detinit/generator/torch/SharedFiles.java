package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real files of other people and programs, which lie beside the repository and are never part of it. */
final class SharedFiles {

    private SharedFiles() {}

    /** A path below the folder {@code shared} beside the repository; the test is skipped where it is missing. */
    static Path path(String below) {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.isDirectory(folder.resolveSibling("shared"))) {
            folder = folder.getParent();
        }
        assumeTrue(folder != null, "no folder 'shared' beside the repository");
        Path path = folder.resolveSibling("shared").resolve(below);
        assumeTrue(Files.exists(path), "shared/" + below + " is missing");
        return path;
    }
}
