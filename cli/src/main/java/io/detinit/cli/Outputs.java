package io.detinit.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Checks of output files before long work begins. */
final class Outputs {

    private Outputs() {}

    /** Refuses an existing file without --force, and a folder that is missing or the input itself. */
    static void check(Path target, boolean force) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && (!force || Files.isDirectory(target))) {
            throw new FileAlreadyExistsException(
                    target.toString(), null, Files.isDirectory(target) ? "is a folder" : "exists; --force replaces it");
        }
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new NoSuchFileException(String.valueOf(parent), null, "the folder does not exist");
        }
    }
}
