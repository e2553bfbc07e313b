package io.detinit.interop.torch;

import io.detinit.interop.zip.ZipWriter.Body;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Copies a folder with some of its files patched.
 *
 * @param folder the folder
 * @param files what lay in it when the copy was planned, folders before what is in them
 */
record FolderCopy(Path folder, List<Path> files) {

    /** Plans the copy of a folder. */
    static FolderCopy of(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return new FolderCopy(
                    folder, all.filter(path -> !path.equals(folder)).toList());
        }
    }

    /**
     * Copies files and folders; links to files in the folder become files, other links are left out.
     *
     * @param target an empty folder
     * @param patched what writes a file in another way, by its name in the folder
     * @throws IOException if reading or writing fails
     */
    void write(Path target, Map<String, Body> patched) throws IOException {
        for (Path file : files) {
            Path relative = folder.relativize(file);
            Path copy = target.resolve(relative);
            Body body = patched.get(relative.toString());
            if (body != null) {
                write(copy, body);
            } else if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(copy);
            } else if (Files.isRegularFile(file) && file.toRealPath().startsWith(folder.toRealPath())) {
                Files.copy(file, copy);
            }
        }
    }

    private static void write(Path copy, Body body) throws IOException {
        try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            body.write(bytes -> {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            });
            channel.force(true);
        }
    }
}
