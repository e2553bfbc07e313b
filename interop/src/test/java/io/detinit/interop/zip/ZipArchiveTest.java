package io.detinit.interop.zip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both directions against the JDK's zip, and archives that lie. */
class ZipArchiveTest {

    @TempDir
    Path folder;

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static byte[] jdk(int method, String name, byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            ZipEntry entry = new ZipEntry(name);
            entry.setMethod(method);
            if (method == ZipEntry.STORED) {
                CRC32 crc = new CRC32();
                crc.update(content);
                entry.setCrc(crc.getValue());
                entry.setSize(content.length);
            }
            zip.putNextEntry(entry);
            zip.write(content);
            zip.closeEntry();
        }
        return out.toByteArray();
    }

    private static ZipArchive open(byte[] bytes) throws IOException {
        return ZipArchive.open(new MemoryBytes("t.zip", bytes));
    }

    private static byte[] content(ZipArchive archive, String name) throws IOException {
        return archive.content(archive.find(name).orElseThrow()).readAll(1 << 30);
    }

    private static int put(byte[] archive, int offsetInEntry, int value) {
        ByteBuffer bytes = ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN);
        int at = archive.length - 22;
        int directory = bytes.getInt(at + 16);
        bytes.putInt(directory + offsetInEntry, value);
        return directory;
    }

    @Test
    void readsWhatTheJdkWrites() throws IOException {
        byte[] content = random(3_000_000);
        assertArrayEquals(content, content(open(jdk(ZipEntry.STORED, "a/b", content)), "a/b"));
        assertArrayEquals(content, content(open(jdk(ZipEntry.DEFLATED, "ä", content)), "ä"));
        assertArrayEquals(new byte[0], content(open(jdk(ZipEntry.DEFLATED, "e", new byte[0])), "e"));
    }

    @Test
    void deflatedContentIsReadInAnyOrder() throws IOException {
        byte[] content = new byte[40_000_000];
        for (int k = 0; k < content.length; k++) {
            content[k] = (byte) (k / 1000);
        }
        ZipArchive archive = open(jdk(ZipEntry.DEFLATED, "x", content));
        ByteSource bytes = archive.content(archive.find("x").orElseThrow());
        for (int at : new int[] {0, 39_999_000, 20_000_000, 5, 1_048_570, 39_000_000}) {
            byte[] part = new byte[1000];
            bytes.read(at, ByteBuffer.wrap(part));
            assertArrayEquals(Arrays.copyOfRange(content, at, at + 1000), part);
        }
    }

    @Test
    void writesWhatTheJdkReadsAlignedAndCopiesRaw() throws IOException {
        byte[] deflated =
                jdk(ZipEntry.DEFLATED, "code/x.py", "print\n".repeat(500).getBytes(StandardCharsets.UTF_8));
        ZipArchive old = open(deflated);
        Path path = folder.resolve("new.zip");
        byte[] content = random(100_001);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipWriter writer = new ZipWriter(channel);
            writer.store("r/data/0", content);
            writer.copy(old, old.find("code/x.py").orElseThrow());
            writer.store("r/empty", new byte[0]);
            writer.finish();
        }
        try (ZipFile zip = new ZipFile(path.toFile());
                FileBytes file = FileBytes.open(path)) {
            assertArrayEquals(
                    content, zip.getInputStream(zip.getEntry("r/data/0")).readAllBytes());
            assertEquals(3000, zip.getInputStream(zip.getEntry("code/x.py")).readAllBytes().length);
            assertEquals(ZipEntry.DEFLATED, zip.getEntry("code/x.py").getMethod());
            ZipArchive again = ZipArchive.open(file);
            assertEquals(3, again.entries().size());
            for (ZipEntryInfo entry : again.entries()) {
                assertEquals(0, again.raw(entry).filePosition(0) % ZipWriter.ALIGNMENT, entry.name());
            }
            assertArrayEquals(content, content(again, "r/data/0"));
        }
    }

    @Test
    void zip64Counts() throws IOException {
        Path path = folder.resolve("many.zip");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipWriter writer = new ZipWriter(channel);
            for (int k = 0; k < 70_000; k++) {
                writer.store("n" + k, new byte[] {(byte) k});
            }
            writer.finish();
        }
        try (FileBytes file = FileBytes.open(path);
                ZipFile zip = new ZipFile(path.toFile())) {
            ZipArchive archive = ZipArchive.open(file);
            assertEquals(70_000, archive.entries().size());
            assertEquals(70_000, zip.size());
            assertArrayEquals(new byte[] {7}, content(archive, "n7"));
        }
    }

    @Test
    void zip64SizesAndOffsets() throws IOException {
        Path path = folder.resolve("large.zip");
        try (FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            ZipWriter writer = new ZipWriter(channel);
            writer.storeZeros("large", (1L << 32) + 5);
            writer.store("small", new byte[] {1, 2, 3});
            writer.finish();
        }
        try (ZipFile zip = new ZipFile(path.toFile())) {
            assertEquals((1L << 32) + 5, zip.getEntry("large").getSize());
            assertArrayEquals(
                    new byte[] {1, 2, 3},
                    zip.getInputStream(zip.getEntry("small")).readAllBytes());
        }
        try (FileBytes file = FileBytes.open(path)) {
            ZipArchive archive = ZipArchive.open(file);
            ByteSource large = archive.content(archive.find("large").orElseThrow());
            assertEquals((1L << 32) + 5, large.size());
            assertEquals(0, large.view((1L << 32) - 3, 8).getLong());
            assertArrayEquals(new byte[] {1, 2, 3}, content(archive, "small"));
        }
    }

    @Test
    void aDeflatedEntryThatClaimsMoreThanDeflateCanMakeIsRefused() throws IOException {
        byte[] bomb = jdk(ZipEntry.DEFLATED, "x", new byte[100_000]);
        put(bomb, 24, 1 << 30);
        ZipArchive archive = open(bomb);
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> content(archive, "x"));
        assertTrue(e.getMessage().contains("a claim of 1073741824 bytes"), e.getMessage());
    }

    @Test
    void aContentOfAnotherLengthThanTheDirectorySaysIsRefused() throws IOException {
        for (int size : new int[] {99_999, 100_001}) {
            byte[] other = jdk(ZipEntry.DEFLATED, "x", new byte[100_000]);
            put(other, 24, size);
            ZipArchive archive = open(other);
            assertThrows(MalformedFileException.class, () -> content(archive, "x"));
        }
    }

    @Test
    void overlappingEntriesAreRefused() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String name : new String[] {"a", "b"}) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write(random(500));
                zip.closeEntry();
            }
        }
        byte[] bytes = out.toByteArray();
        int directory = put(bytes, 42, 0);
        // The second entry's header is where the first one's is
        int second = directory + 46 + 1;
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(second + 42, 0);
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> open(bytes));
        assertTrue(e.getMessage().contains("do not overlap"), e.getMessage());
    }

    @Test
    void encryptedAndForeignMethodsAreRefusedByName() throws IOException {
        byte[] bytes = jdk(ZipEntry.STORED, "x", random(10));
        put(bytes, 8, 1);
        ZipArchive encrypted = open(bytes);
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> content(encrypted, "x"));
        assertTrue(e.getMessage().contains("an encrypted entry is not supported"), e.getMessage());
        byte[] other = jdk(ZipEntry.STORED, "x", random(10));
        put(other, 8, 93 << 16); // zstd
        ZipArchive zstd = open(other);
        MalformedFileException f = assertThrows(MalformedFileException.class, () -> content(zstd, "x"));
        assertTrue(f.getMessage().contains("compression method 93"), f.getMessage());
    }
}
