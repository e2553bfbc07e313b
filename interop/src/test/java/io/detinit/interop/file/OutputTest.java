package io.detinit.interop.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {

    @TempDir
    Path root;

    private long entries() throws IOException {
        try (Stream<Path> files = Files.list(root)) {
            return files.count();
        }
    }

    @Test
    void aFolderAppearsWhole() throws IOException {
        Path target = root.resolve("out");
        OutputFolder.write(target, false, folder -> Files.writeString(folder.resolve("a"), "1"));
        assertEquals("1", Files.readString(target.resolve("a")));
        assertThrows(FileAlreadyExistsException.class, () -> OutputFolder.write(target, false, folder -> {}));
        OutputFolder.write(target, true, folder -> Files.writeString(folder.resolve("b"), "2"));
        assertFalse(Files.exists(target.resolve("a")), "the old folder is replaced, not mixed");
        assertEquals(1, entries(), "nothing temporary is left");
    }

    @Test
    void anEmptyFolderCountsAsNew() throws IOException {
        Path target = Files.createDirectory(root.resolve("out"));
        OutputFolder.write(target, false, folder -> Files.writeString(folder.resolve("a"), "1"));
        assertTrue(Files.exists(target.resolve("a")));
    }

    @Test
    void aFailureChangesNothing() throws IOException {
        Path target = root.resolve("out");
        OutputFolder.write(target, false, folder -> Files.writeString(folder.resolve("a"), "1"));
        assertThrows(
                IOException.class,
                () -> OutputFolder.write(target, true, folder -> {
                    Files.writeString(folder.resolve("half"), "x");
                    throw new IOException("disk full");
                }));
        assertEquals("1", Files.readString(target.resolve("a")));
        assertEquals(1, entries());
    }

    @Test
    void aFileInTheWayIsRefused() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "x");
        assertThrows(FileAlreadyExistsException.class, () -> OutputFolder.write(file, true, folder -> {}));
        assertThrows(IOException.class, () -> OutputFolder.check(file.resolve("below"), false));
        assertThrows(NoSuchFileException.class, () -> AtomicFile.write(root.resolve("no/such"), new byte[1]));
        assertThrows(FileAlreadyExistsException.class, () -> AtomicFile.write(root, new byte[1]));
        assertEquals("x", Files.readString(file));
    }

    @Test
    void messagesAreOneLineWhateverAFileHolds() {
        String message = MalformedFileException.of("f", "tensor 'a\nb\u001b[31m'", "x".repeat(5000), "y")
                .getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.length() < 1100 && !message.contains("\u001b"));
    }
}
