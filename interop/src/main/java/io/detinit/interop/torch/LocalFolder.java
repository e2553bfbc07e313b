package io.detinit.interop.torch;

import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A folder of the file system. Not thread-safe. */
final class LocalFolder implements PieceFolder {

    private final Path folder;
    private final List<FileBytes> files = new ArrayList<>();

    LocalFolder(Path folder) {
        this.folder = folder;
    }

    @Override
    public String name() {
        return folder.toString();
    }

    /** A regular file in the folder itself, also behind links. */
    @Override
    public FileBytes open(String name) throws IOException {
        Path path = folder.resolve(name);
        if (!Files.isRegularFile(path)) {
            throw new NoSuchFileException(path.toString());
        }
        Path parent = path.toRealPath().getParent();
        if (parent == null || !parent.equals(folder.toRealPath())) {
            throw MalformedFileException.of(folder, "file " + name, "a link out of the folder", "a file in the folder");
        }
        FileBytes file = FileBytes.open(path);
        files.add(file);
        return file;
    }

    @Override
    public void close() throws IOException {
        for (FileBytes file : files) {
            file.close();
        }
    }
}
