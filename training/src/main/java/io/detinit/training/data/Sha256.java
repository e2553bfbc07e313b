package io.detinit.training.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 of numbers, little-endian. Not thread-safe. */
final class Sha256 {

    private static final int PIECE = 1 << 13;

    private final MessageDigest digest;
    private final ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);

    Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private ByteBuffer room(int bytes) {
        if (piece.remaining() < bytes) {
            flush();
        }
        return piece;
    }

    private void flush() {
        digest.update(piece.flip());
        piece.clear();
    }

    Sha256 ints(int... values) {
        for (int value : values) {
            room(Integer.BYTES).putInt(value);
        }
        return this;
    }

    /** The lowest eight bits of each. */
    Sha256 lowBytes(int... values) {
        for (int value : values) {
            room(1).put((byte) value);
        }
        return this;
    }

    Sha256 floats(float... values) {
        for (float value : values) {
            room(Float.BYTES).putFloat(value);
        }
        return this;
    }

    Sha256 doubles(double... values) {
        for (double value : values) {
            room(Double.BYTES).putDouble(value);
        }
        return this;
    }

    Sha256 bytes(byte[] values) {
        flush();
        digest.update(values);
        return this;
    }

    /** Labels: a byte each where that is enough for the classes, else an int32. */
    Sha256 labels(int classes, int... labels) {
        return classes <= 256 ? lowBytes(labels) : ints(labels);
    }

    /** {@return 64 hex digits} */
    String hex() {
        flush();
        return HexFormat.of().formatHex(digest.digest());
    }
}
