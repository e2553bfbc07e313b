package io.detinit.interop.zip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;

/** Archives whose first entry is a hole of the file system: gigabytes that take no time and no disk. */
final class SparseZip {

    private static final int LOCAL_BYTES = 30;

    private SparseZip() {}

    /** Writes an archive of {@code large}, so many zeros, and {@code small}. */
    static Path write(Path path, long zeros, byte[] small) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(small);
        long second = LOCAL_BYTES + "large".length() + 20 + zeros;
        long directory = second + LOCAL_BYTES + "small".length() + small.length;
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(
                    local("large", 0, -1, 20)
                            .putShort((short) 1)
                            .putShort((short) 16)
                            .putLong(zeros)
                            .putLong(zeros)
                            .flip(),
                    0);
            channel.write(local("small", (int) crc.getValue(), small.length, 0).flip(), second);
            channel.write(ByteBuffer.wrap(small), directory - small.length);
            ByteBuffer end = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
            entry(end, "large", 0, -1, 0, 20)
                    .putShort((short) 1)
                    .putShort((short) 16)
                    .putLong(zeros)
                    .putLong(zeros);
            entry(end, "small", (int) crc.getValue(), small.length, -1, 12)
                    .putShort((short) 1)
                    .putShort((short) 8)
                    .putLong(second);
            int bytes = end.position();
            end.putInt(0x06064B50)
                    .putLong(44)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0);
            end.putLong(2).putLong(2).putLong(bytes).putLong(directory);
            end.putInt(0x07064B50).putInt(0).putLong(directory + bytes).putInt(1);
            end.putInt(0x06054B50)
                    .putInt(0)
                    .putShort((short) 2)
                    .putShort((short) 2)
                    .putInt(bytes)
                    .putInt(-1);
            channel.write(end.putShort((short) 0).flip(), directory);
        }
        return path;
    }

    private static ByteBuffer local(String name, int crc, int size, int extra) {
        return ByteBuffer.allocate(LOCAL_BYTES + name.length() + extra)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x04034B50)
                .putShort((short) 45)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0)
                .putInt(crc)
                .putInt(size)
                .putInt(size)
                .putShort((short) name.length())
                .putShort((short) extra)
                .put(name.getBytes(StandardCharsets.US_ASCII));
    }

    private static ByteBuffer entry(ByteBuffer out, String name, int crc, int size, int offset, int extra) {
        return out.putInt(0x02014B50)
                .putShort((short) 45)
                .putShort((short) 45)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0)
                .putInt(crc)
                .putInt(size)
                .putInt(size)
                .putShort((short) name.length())
                .putShort((short) extra)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0)
                .putInt(offset)
                .put(name.getBytes(StandardCharsets.US_ASCII));
    }
}
