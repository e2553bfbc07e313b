package io.detinit.interop.verify;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/**
 * What an ONNX model takes on disk: the model file, and the files that hold its external data, each as a whole.
 *
 * @param files how many files
 * @param bytes their sizes, summed
 * @param gzipBytes the sizes of each compressed by {@link GZIPOutputStream} (zlib level 6), summed
 */
public record ModelSize(int files, long bytes, long gzipBytes) {

    private static final int CHUNK = 1 << 16;

    /**
     * Measures a model. Reads its files once; memory does not grow with them.
     *
     * @param model an open model, whose data files have been checked
     * @return its size
     * @throws MalformedFileException if its messages are broken
     * @throws IOException if a file cannot be read
     */
    public static ModelSize of(OnnxCheckpoint model) throws IOException {
        List<Path> files = files(model);
        long gzipBytes = 0;
        for (Path file : files) {
            gzipBytes += gzipBytes(file);
        }
        return new ModelSize(files.size(), bytes(files), gzipBytes);
    }

    /**
     * The bytes alone, without reading the files.
     *
     * @param model an open model, whose data files have been checked
     * @return the sizes of its files, summed
     * @throws MalformedFileException if its messages are broken
     * @throws IOException if a file cannot be found
     */
    public static long bytesOf(OnnxCheckpoint model) throws IOException {
        return bytes(files(model));
    }

    private static List<Path> files(OnnxCheckpoint model) throws IOException {
        List<Path> files = new ArrayList<>();
        files.add(model.path());
        files.addAll(ExternalData.of(model.path()));
        return files;
    }

    private static long bytes(List<Path> files) throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        return bytes;
    }

    private static long gzipBytes(Path file) throws IOException {
        CountingStream counter = new CountingStream();
        try (InputStream in = Files.newInputStream(file);
                OutputStream gzip = new GZIPOutputStream(counter, CHUNK)) {
            byte[] chunk = new byte[CHUNK];
            for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
                gzip.write(chunk, 0, length);
            }
        }
        return counter.bytes;
    }

    private static final class CountingStream extends OutputStream {

        private long bytes;

        @Override
        public void write(int octet) {
            bytes++;
        }

        @Override
        public void write(byte[] octets, int offset, int length) {
            bytes += length;
        }
    }
}
