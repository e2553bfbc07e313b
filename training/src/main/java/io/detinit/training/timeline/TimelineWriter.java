package io.detinit.training.timeline;

import io.detinit.interop.file.AtomicFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a timeline while training goes on: every point is handed to the system as it comes, so that a process that is killed leaves
 * all points before.
 *
 * <p>Not thread-safe.
 */
public final class TimelineWriter implements TimelineSink, Closeable {

    /** Both formats, whose names are as long. */
    private static final List<String> STARTS =
            List.of("{\"format\":\"" + Timeline.FORMAT + "\"", "{\"format\":\"" + Timeline.FORMAT_1 + "\"");

    private final Path file;
    private final @Nullable Timeline before;
    private @Nullable OutputStream out;

    private TimelineWriter(Path file, @Nullable Timeline before, @Nullable OutputStream out) {
        this.file = file;
        this.before = before;
        this.out = out;
    }

    /**
     * Begins a file. A timeline that an earlier training left there is replaced.
     *
     * @param file the file, in an existing folder
     * @return the writer; close it
     * @throws FileAlreadyExistsException if something else is there
     * @throws IOException if the file cannot be written
     */
    public static TimelineWriter open(Path file) throws IOException {
        check(file);
        OutputStream out = Files.newOutputStream(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        return new TimelineWriter(file, null, out);
    }

    /**
     * Goes on with a timeline. The file is written when the training begins: it then holds the timeline, whole, and new points come after.
     *
     * @param file the file, in an existing folder; a timeline that is there is replaced
     * @param before the timeline up to where the training goes on, with the header that it begins with
     * @return the writer; close it
     * @throws FileAlreadyExistsException if something else is there
     * @throws IOException if the file cannot be read
     */
    public static TimelineWriter resume(Path file, Timeline before) throws IOException {
        check(file);
        return new TimelineWriter(file, before, null);
    }

    private static void check(Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean ours = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
        if (ours && Files.size(file) > 0) {
            try (InputStream in = Files.newInputStream(file)) {
                ours = STARTS.contains(new String(in.readNBytes(STARTS.get(0).length()), StandardCharsets.UTF_8));
            }
        }
        if (!ours) {
            throw new FileAlreadyExistsException(
                    file.toString(), null, "exists and is no timeline; move it away or choose another output");
        }
    }

    @Override
    public void begin(Timeline.Header header) throws IOException {
        if (before == null) {
            write(TimelineJson.header(header));
            return;
        }
        StringBuilder text = new StringBuilder(TimelineJson.header(header));
        before.points().forEach(point -> text.append(TimelineJson.point(point)));
        AtomicFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
        out = Files.newOutputStream(file, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void point(TimelinePoint point) throws IOException {
        write(TimelineJson.point(point));
    }

    private void write(String line) throws IOException {
        if (out == null) {
            throw new IllegalStateException("a timeline begins with its header");
        }
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
        }
    }
}
