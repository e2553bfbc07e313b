package io.detinit.interop.onnx;

import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The data files of a model, opened when first named and open until {@link #close}. A location is believed only where it is a
 * relative path of a regular file in the model's folder or below it, none of whose parts is a symbolic link (the rules of
 * onnx.checker 1.23, but for hard links, which are accepted).
 */
final class ExternalFiles implements Closeable {

    private static final int MAX_FILES = 1 << 16;

    private final Path model;
    private final Map<Path, FileBytes> open = new LinkedHashMap<>();

    ExternalFiles(Path model) {
        this.model = model;
    }

    Collection<FileBytes> files() {
        return open.values();
    }

    /**
     * Opens a data file.
     *
     * @param label the tensor, for messages
     * @param location what the model says
     * @throws MalformedFileException if the location is not a safe one
     * @throws NoSuchFileException if there is no such file
     */
    FileBytes open(String label, String location) throws IOException {
        Path relative = relative(label, location);
        FileBytes known = open.get(relative);
        if (known != null) {
            return known;
        }
        if (open.size() == MAX_FILES) {
            throw MalformedFileException.of(
                    model, label + ", external_data", "more than " + MAX_FILES + " data files", "fewer");
        }
        Path folder = model.toAbsolutePath().getParent();
        Path at = folder == null ? model.toAbsolutePath() : folder;
        for (int k = 0; k < relative.getNameCount(); k++) {
            at = at.resolve(relative.getName(k));
            check(label, location, at, k == relative.getNameCount() - 1);
        }
        FileBytes file = FileBytes.open(at);
        open.put(relative, file);
        return file;
    }

    private Path relative(String label, String location) throws MalformedFileException {
        boolean windowsRoot = location.length() >= 2 && location.charAt(1) == ':';
        if (location.isEmpty()
                || location.startsWith("/")
                || windowsRoot
                || location.indexOf('\\') >= 0
                || location.chars().anyMatch(c -> c < 32 || c == 127)) {
            throw refused(label, location, "a relative path with / between its parts");
        }
        if (location.contains("_ORT_MEM_ADDR_")) {
            throw refused(label, location, "a file; an address in another program's memory is never read");
        }
        Path path;
        try {
            path = Path.of(location).normalize();
        } catch (InvalidPathException e) {
            MalformedFileException malformed = refused(label, location, "a path");
            malformed.initCause(e);
            throw malformed;
        }
        if (path.isAbsolute() || path.startsWith("..") || path.toString().isEmpty()) {
            throw refused(label, location, "a file inside the model's folder");
        }
        return path;
    }

    private void check(String label, String location, Path at, boolean last) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(at, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            NoSuchFileException missing = new NoSuchFileException(
                    at.toString(),
                    null,
                    "no such file; it holds " + label.replaceAll("\\p{Cntrl}", "?") + " of " + model);
            missing.initCause(e);
            throw missing;
        }
        if (attributes.isSymbolicLink()) {
            throw refused(
                    label,
                    location,
                    "a path without symbolic links; copy the files that " + at + " stands for beside the model");
        }
        if (last ? !attributes.isRegularFile() : !attributes.isDirectory()) {
            throw refused(label, location, last ? "a regular file" : "a path through folders");
        }
    }

    private MalformedFileException refused(String label, String location, String expected) {
        return MalformedFileException.of(model, label + ", external_data location", "'" + location + "'", expected);
    }

    @Override
    public void close() throws IOException {
        IOException failed = null;
        for (FileBytes file : open.values()) {
            try {
                file.close();
            } catch (IOException e) {
                failed = e;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
