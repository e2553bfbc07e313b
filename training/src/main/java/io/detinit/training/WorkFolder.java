package io.detinit.training;

import io.detinit.training.timeline.Timeline;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder {@code DIR.partial} beside the output {@code DIR} of a training: it holds the last checkpoint and the timeline while
 * training goes on, stays when it is killed, and goes when the output is there.
 *
 * <p>Not thread-safe; one process trains into an output at a time.
 */
public final class WorkFolder {

    /** What follows the output's name. */
    public static final String SUFFIX = ".partial";

    private static final String TEMPORARY = "\\." + TrainingState.FILE.replace(".", "\\.") + "\\.[0-9a-f]+\\.tmp|\\."
            + Timeline.FILE.replace(".", "\\.") + "\\.[0-9a-f]+\\.tmp";

    private final Path folder;
    private final @Nullable Path state;

    private WorkFolder(Path folder, @Nullable Path state) {
        this.folder = folder;
        this.state = state;
    }

    /**
     * Makes the folder of a new training.
     *
     * @param output the output, whose parent exists
     * @param force whether what an unfinished training left there is deleted
     * @return the empty folder
     * @throws FileAlreadyExistsException if an unfinished training is there and is not to be deleted, or something else is there
     * @throws IOException if it cannot be made
     */
    public static WorkFolder begin(Path output, boolean force) throws IOException {
        Path folder = of(output);
        requireOwn(folder);
        if (Files.exists(folder)) {
            if (!force && !isEmpty(folder)) {
                throw new FileAlreadyExistsException(
                        folder.toString(), null, "holds an unfinished training; --resume goes on, --force begins anew");
            }
            clear(folder);
        }
        Files.createDirectories(folder);
        return new WorkFolder(folder, null);
    }

    /**
     * Finds the checkpoint to go on from: that of the unfinished training, else that of the finished output.
     *
     * @param output the output
     * @return the folder
     * @throws NoSuchFileException if there is no checkpoint
     * @throws FileAlreadyExistsException if something else lies in the folder's place
     * @throws IOException if it cannot be made
     */
    public static WorkFolder resume(Path output) throws IOException {
        Path folder = of(output);
        for (Path candidate : List.of(folder, output)) {
            Path file = candidate.resolve(TrainingState.FILE);
            if (Files.isRegularFile(file)) {
                requireOwn(folder);
                Files.createDirectories(folder);
                return new WorkFolder(folder, file);
            }
        }
        throw new NoSuchFileException(
                output.toString(),
                null,
                "nothing to resume: there is no " + folder.resolve(TrainingState.FILE) + " and no "
                        + output.resolve(TrainingState.FILE));
    }

    private static Path of(Path output) {
        return output.resolveSibling(output.toAbsolutePath().normalize().getFileName() + SUFFIX);
    }

    /** {@return the folder itself} */
    public Path folder() {
        return folder;
    }

    /** {@return where checkpoints are written} */
    public Path checkpoint() {
        return folder.resolve(TrainingState.FILE);
    }

    /** {@return where the timeline grows} */
    public Path timeline() {
        return folder.resolve(Timeline.FILE);
    }

    /** {@return the checkpoint to go on from; empty for a new training} */
    public Optional<Path> state() {
        return Optional.ofNullable(state);
    }

    /**
     * Reads the timeline of the training to go on with.
     *
     * @return the timeline beside the checkpoint; empty where there is none
     * @throws io.detinit.interop.file.MalformedFileException if it is malformed
     * @throws IOException if it cannot be read
     */
    public Optional<Timeline> timelineBefore() throws IOException {
        return state == null ? Optional.empty() : Timeline.beside(state);
    }

    /**
     * Copies the last checkpoint, where there is one.
     *
     * @param target an existing folder
     * @throws IOException if that fails
     */
    public void copyCheckpoint(Path target) throws IOException {
        Path last = Files.isRegularFile(checkpoint()) ? checkpoint() : state;
        if (last != null) {
            Files.copy(last, target.resolve(TrainingState.FILE), StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    /**
     * Deletes the folder: its output is there, whole.
     *
     * @throws IOException if that fails
     */
    public void remove() throws IOException {
        clear(folder);
        Files.deleteIfExists(folder);
    }

    /**
     * Deletes the folder where nothing lies in it: a training that was refused leaves none.
     *
     * @throws IOException if that fails
     */
    public void removeIfEmpty() throws IOException {
        if (Files.isRegularFile(timeline(), LinkOption.NOFOLLOW_LINKS) && Files.size(timeline()) == 0) {
            Files.delete(timeline()); // opened, and then training did not begin
        }
        if (Files.isDirectory(folder) && isEmpty(folder)) {
            Files.delete(folder);
        }
    }

    /** Only what a training leaves may lie there: nothing of another's is ever deleted. */
    private static void requireOwn(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean own = Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS);
        if (own) {
            try (Stream<Path> files = Files.list(folder)) {
                own = files.allMatch(WorkFolder::isOwn);
            }
        }
        if (!own) {
            throw new FileAlreadyExistsException(
                    folder.toString(), null, "exists and is no training's; move it away or choose another output");
        }
    }

    private static boolean isOwn(Path file) {
        String name = String.valueOf(file.getFileName());
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && (name.equals(TrainingState.FILE) || name.equals(Timeline.FILE) || name.matches(TEMPORARY));
    }

    private static void clear(Path folder) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.list(folder)) {
            all = files.filter(WorkFolder::isOwn).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }
}
