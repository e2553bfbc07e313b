package io.detinit.cli.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Small pictures as PNG (W3C Recommendation "Portable Network Graphics", colour type 3) in a data URI. */
final class SvgPng {

    /** The pixel that shows what lies behind the picture. */
    static final int CLEAR = 0;

    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    private SvgPng() {}

    /**
     * A picture in the colours of {@link SvgColours}.
     *
     * @param width pixels from left to right
     * @param pixels row-major: {@link #CLEAR}, or a step of the scale plus 1
     * @return the URI
     */
    static String uri(int width, byte[] pixels) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(encode(width, pixels));
    }

    static byte[] encode(int width, byte[] pixels) {
        int height = pixels.length / width;
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        png.writeBytes(SIGNATURE);
        ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
        header.put((byte) 8).put((byte) 3); // bits of an index; a palette
        chunk(png, "IHDR", header.array());
        chunk(png, "PLTE", palette());
        chunk(png, "tRNS", new byte[] {0}); // the first colour is clear
        chunk(png, "IDAT", deflated(width, height, pixels));
        chunk(png, "IEND", new byte[0]);
        return png.toByteArray();
    }

    private static byte[] palette() {
        ByteBuffer palette = ByteBuffer.allocate(3 * (SvgColours.LEVELS + 1));
        palette.position(3);
        for (int level = 0; level < SvgColours.LEVELS; level++) {
            int colour = SvgColours.colour(level);
            palette.put((byte) (colour >> 16)).put((byte) (colour >> 8)).put((byte) colour);
        }
        return palette.array();
    }

    private static byte[] deflated(int width, int height, byte[] pixels) {
        byte[] lines = new byte[(width + 1) * height]; // each begins with its filter, none
        for (int row = 0; row < height; row++) {
            System.arraycopy(pixels, row * width, lines, row * (width + 1) + 1, width);
        }
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try {
            deflater.setInput(lines);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[4096];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    private static void chunk(ByteArrayOutputStream png, String type, byte[] data) {
        byte[] body = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII))
                .put(data)
                .array();
        CRC32 crc = new CRC32();
        crc.update(body);
        png.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        png.writeBytes(body);
        png.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
