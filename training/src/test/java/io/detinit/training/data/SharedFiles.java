package io.detinit.training.data;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files beside the repository, where they are there. */
final class SharedFiles {

    private SharedFiles() {}

    /** The folder of MNIST's files; it need not exist. */
    static Path mnist() {
        Path root = Path.of("").toAbsolutePath();
        while (root.getParent() != null && !Files.isDirectory(root.resolveSibling("shared"))) {
            root = root.getParent();
        }
        return root.resolveSibling("shared").resolve("data/mnist");
    }
}
