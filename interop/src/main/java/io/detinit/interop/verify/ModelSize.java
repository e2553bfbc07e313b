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
        List<Path> files = new ArrayList<>();
        files.add(model.path());
        files.addAll(ExternalData.of(model.path()));
        long bytes = 0;
        long gzipBytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
            gzipBytes += gzipBytes(file);
        }
        return new ModelSize(files.size(), bytes, gzipBytes);
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
