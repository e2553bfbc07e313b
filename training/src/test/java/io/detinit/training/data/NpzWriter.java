package io.detinit.training.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Small {@code .npz} files, as {@code numpy.savez} and {@code numpy.savez_compressed} write them. */
final class NpzWriter {

    private NpzWriter() {}

    /** An array, its shape as Python writes a tuple without the parentheses. */
    static byte[] npy(String descr, String shape, byte[] elements) {
        String dict = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
        String padded = dict + " ".repeat((64 - (11 + dict.length()) % 64) % 64) + "\n";
        ByteBuffer bytes = ByteBuffer.allocate(10 + padded.length() + elements.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
                .putShort((short) padded.length());
        return bytes.put(padded.getBytes(StandardCharsets.US_ASCII))
                .put(elements)
                .array();
    }

    static Path write(Path file, Map<String, byte[]> arrays, boolean compressed) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                ZipEntry entry = new ZipEntry(array.getKey() + ".npy");
                if (!compressed) {
                    CRC32 crc = new CRC32();
                    crc.update(array.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(array.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(array.getValue());
                zip.closeEntry();
            }
        }
        return Files.write(file, bytes.toByteArray());
    }
}
