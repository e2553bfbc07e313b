package io.detinit.interop.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartsWriterTest {

    @TempDir
    Path folder;

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static TensorView tensor(byte[] bytes) {
        return ArrayTensor.of(
                new TensorInfo("t", DType.U8, TensorShape.of(bytes.length), TensorInfo.Kind.PARAMETER),
                ByteBuffer.wrap(bytes));
    }

    private FileChannel channel() throws IOException {
        return FileChannel.open(
                folder.resolve("out"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** Parts below, at and above the length of a piece, between others that write themselves. */
    @Test
    void everyPartLiesAtItsPlace() throws IOException {
        byte[] old = random((5 << 20) + 17, 1);
        Path source = Files.write(folder.resolve("in"), old);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        PartsWriter parts = new PartsWriter();
        try (FileBytes file = FileBytes.open(source);
                FileChannel channel = channel()) {
            channel.write(ByteBuffer.wrap(new byte[] {42}));
            expected.write(42);
            for (int length : new int[] {1, 1 << 20, (1 << 20) + 1, 0, (3 << 20) - 1}) {
                byte[] bytes = random(length, length);
                parts.bytes(bytes);
                expected.writeBytes(bytes);
                parts.range(file, 7, 7 + length);
                expected.write(old, 7, length);
                parts.elements(tensor(bytes));
                expected.writeBytes(bytes);
                parts.stream(length, target -> target.write(ByteBuffer.wrap(bytes)));
                expected.writeBytes(bytes);
            }
            assertEquals(expected.size() - 1, parts.length());
            parts.write(channel);
            assertEquals(expected.size(), channel.position());
        }
        assertArrayEquals(expected.toByteArray(), Files.readAllBytes(folder.resolve("out")));
    }

    @Test
    void aFailureOfOnePieceIsTheFailureOfAll() throws IOException {
        TensorView good = tensor(random(20 << 20, 1));
        TensorView bad = new TensorView() {
            @Override
            public TensorInfo info() {
                return good.info();
            }

            @Override
            public void readBytes(long position, ByteBuffer destination) throws IOException {
                if (position == 13L << 20) {
                    throw new IOException("unreadable");
                }
                good.readBytes(position, destination);
            }
        };
        PartsWriter parts = new PartsWriter();
        parts.elements(bad);
        try (FileChannel channel = channel()) {
            assertEquals(
                    "unreadable",
                    assertThrows(IOException.class, () -> parts.write(channel)).getMessage());
        }
    }

    @Test
    void aPartThatWritesLessThanItSaidIsRefused() throws IOException {
        PartsWriter parts = new PartsWriter();
        parts.stream(2, channel -> channel.write(ByteBuffer.wrap(new byte[1])));
        try (FileChannel channel = channel()) {
            assertThrows(IOException.class, () -> parts.write(channel));
        }
    }
}
