package io.detinit.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Damaged and cut files on the disk, for readers that open paths. */
public final class DamagedFiles {

    /** Reading more of a tensor than this finds nothing new. */
    private static final int READ = 1 << 16;

    private DamagedFiles() {}

    /** Opens a file. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens a file.
         *
         * @param path the file
         * @return what is in it
         * @throws IOException if it is malformed
         */
        Checkpoint open(Path path) throws IOException;
    }

    /**
     * Opens damaged copies of files and reads their tensors: nothing but an IOException of one line may come out.
     *
     * @param folder for the copies
     * @param originals whole files
     * @param opener the reader
     */
    public static void fuzz(Path folder, List<byte[]> originals, Opener opener) {
        Path path = folder.resolve("mutant");
        int refused = ByteMutator.run(originals, bytes -> {
            Files.write(path, bytes);
            readAll(path, opener);
        });
        assertTrue(refused > 100, refused + " refused: the damage is too gentle");
    }

    /**
     * Opens every prefix of a file.
     *
     * @param folder for the copies
     * @param original a whole, small file
     * @param opener the reader
     * @throws IOException if a copy cannot be written
     */
    public static void truncate(Path folder, byte[] original, Opener opener) throws IOException {
        Path path = folder.resolve("cut");
        for (int length = 0; length < original.length; length++) {
            Files.write(path, Arrays.copyOf(original, length));
            try {
                readAll(path, opener);
            } catch (MalformedFileException e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            } catch (IOException e) {
                assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
            } catch (RuntimeException | Error e) {
                throw new AssertionError("cut to " + length + " bytes: " + e, e);
            }
        }
    }

    private static void readAll(Path path, Opener opener) throws IOException {
        try (Checkpoint checkpoint = opener.open(path)) {
            for (TensorView tensor : checkpoint.tensors()) {
                long bytes = tensor.info().bytes();
                tensor.readBytes(0, ByteBuffer.allocate((int) Math.min(READ, bytes)));
                tensor.view(bytes - Math.min(READ, bytes), (int) Math.min(READ, bytes));
            }
        }
    }
}
