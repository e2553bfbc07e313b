package io.detinit.interop.checkpoint;

import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.LongConsumer;

/**
 * The SHA-256 of a tensor's elements, row-major and little-endian, whatever file they lie in.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class TensorHash {

    private static final int CHUNK = 1 << 20;

    private TensorHash() {}

    /**
     * Hashes a tensor.
     *
     * @param tensor read once, in order, without a copy where it lies together in a file
     * @return 64 hex digits
     * @throws IOException if reading fails
     */
    public static String sha256(TensorView tensor) throws IOException {
        MessageDigest digest = digest();
        long size = tensor.info().bytes();
        for (long at = 0; at < size; at += CHUNK) {
            digest.update(tensor.view(at, (int) Math.min(CHUNK, size - at)));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Hashes many tensors, several at a time.
     *
     * @param tensors the tensors
     * @param threads how many at a time, >= 1
     * @param done called with the bytes of each tensor when it is hashed, from any thread
     * @return 64 hex digits for each, in their order
     * @throws IOException if reading fails
     */
    public static List<String> sha256(List<TensorView> tensors, int threads, LongConsumer done) throws IOException {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            return pool.submit(() -> tensors.parallelStream()
                            .map(tensor -> {
                                try {
                                    String hash = sha256(tensor);
                                    done.accept(tensor.info().bytes());
                                    return hash;
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            })
                            .toList())
                    .join();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            pool.shutdown();
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
