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
import java.util.SplittableRandom;

/**
 * Damages files in the ways that break readers, from a seed that is printed with every failure. {@code -Ddetinit.fuzz.count} sets
 * how many files are tried, {@code -Ddetinit.test.seed} which.
 */
public final class Mutator {

    private static final long SEED = Long.getLong("detinit.test.seed", 20_261_123);
    private static final int[] INTERESTING = {0, 1, 0x7F, 0x80, 0xFF, '.', '(', '}', 'Q', 'R', 'b', 't', 0x8A, 0x93};

    /** Reading more of a tensor than this finds nothing new. */
    private static final int READ = 1 << 16;

    private Mutator() {}

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

    /** How many damaged files a test tries. */
    public static int count(int usual) {
        return Integer.getInteger("detinit.fuzz.count", usual);
    }

    /**
     * Opens damaged copies of files and reads their tensors: nothing but an IOException of one line may come out.
     *
     * @param folder for the copies
     * @param originals whole files
     * @param count how many copies
     * @param opener the reader
     * @throws IOException if a copy cannot be written
     */
    public static void fuzz(Path folder, byte[][] originals, int count, Opener opener) throws IOException {
        Path path = folder.resolve("mutant");
        int refused = 0;
        for (int k = 0; k < count; k++) {
            long seed = SEED + k;
            SplittableRandom random = new SplittableRandom(seed);
            byte[] mutant = mutate(originals[random.nextInt(originals.length)], random);
            Files.write(path, mutant);
            if (!survives(path, opener, "mutant of seed " + seed)) {
                refused++;
            }
        }
        assertTrue(refused > count / 20, refused + " of " + count + " refused: the damage is too gentle");
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
            survives(path, opener, "cut to " + length + " bytes");
        }
    }

    /** Whether a file could be read; false where it was refused as it should be. */
    private static boolean survives(Path path, Opener opener, String what) {
        try (Checkpoint checkpoint = opener.open(path)) {
            for (TensorView tensor : checkpoint.tensors()) {
                long bytes = tensor.info().bytes();
                tensor.readBytes(0, ByteBuffer.allocate((int) Math.min(READ, bytes)));
                tensor.view(bytes - Math.min(READ, bytes), (int) Math.min(READ, bytes));
            }
            return true;
        } catch (MalformedFileException e) {
            assertEquals(1, e.getMessage().lines().count(), what + ": " + e.getMessage());
            return false;
        } catch (IOException e) {
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what + ": " + e, e);
        }
    }

    private static byte[] mutate(byte[] original, SplittableRandom random) {
        byte[] mutant = original.clone();
        int changes = 1 + random.nextInt(4);
        for (int k = 0; k < changes && mutant.length > 8; k++) {
            int at = position(mutant.length, random);
            switch (random.nextInt(6)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) INTERESTING[random.nextInt(INTERESTING.length)];
                case 2 -> {
                    for (int b = 0; b < 4 && at + b < mutant.length; b++) {
                        mutant[at + b] = (byte) (random.nextBoolean() ? 0xFF : random.nextInt(256));
                    }
                }
                case 3 -> mutant = Arrays.copyOf(mutant, at);
                case 4 -> {
                    int from = random.nextInt(mutant.length);
                    int length = Math.min(random.nextInt(64), mutant.length - Math.max(at, from));
                    System.arraycopy(mutant.clone(), from, mutant, at, length);
                }
                default -> {
                    int length = Math.min(random.nextInt(32), mutant.length - at);
                    byte[] shorter = Arrays.copyOf(mutant, mutant.length - length);
                    System.arraycopy(mutant, at + length, shorter, at, mutant.length - at - length);
                    mutant = shorter;
                }
            }
        }
        return mutant;
    }

    /** The beginning and the end of a file hold most of its structure. */
    private static int position(int length, SplittableRandom random) {
        int near = Math.min(length, 1024);
        return switch (random.nextInt(3)) {
            case 0 -> random.nextInt(near);
            case 1 -> length - 1 - random.nextInt(near);
            default -> random.nextInt(length);
        };
    }
}
