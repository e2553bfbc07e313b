package io.detinit.training.timeline;

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

    private final OutputStream out;

    private TimelineWriter(OutputStream out) {
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
        return new TimelineWriter(Files.newOutputStream(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS));
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
        write(TimelineJson.header(header));
    }

    @Override
    public void point(TimelinePoint point) throws IOException {
        write(TimelineJson.point(point));
    }

    private void write(String line) throws IOException {
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
