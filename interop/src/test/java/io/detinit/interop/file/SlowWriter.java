package io.detinit.interop.file;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A program that writes a file, says 1 when it has begun and waits for a byte before it ends. */
final class SlowWriter {

    private SlowWriter() {}

    /**
     * Writes.
     *
     * @param arguments the file
     */
    public static void main(String[] arguments) throws IOException {
        try (FileOutputStream out = new FileOutputStream(FileDescriptor.out);
                FileInputStream in = new FileInputStream(FileDescriptor.in)) {
            AtomicFile.write(Path.of(arguments[0]), channel -> {
                channel.write(ByteBuffer.wrap("its".getBytes(StandardCharsets.UTF_8)));
                out.write('1');
                if (in.read() < 0) {
                    throw new IOException("nobody answers");
                }
            });
        }
    }
}
