package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * Every argument that {@code normal_} on float32 can give to the C library's functions: u is one of 2^24 values, the logarithm
 * is of 1 - u, the angle (float) (2 pi u). The hash is of glibc 2.36's answers (Debian 12, x86-64 with FMA), made by
 *
 * <pre>{@code
 * for (uint32_t k = 0; k < 1u << 24; k++) {
 *     float u = k * 0x1p-24f, theta = 2.0f * 3.14159265358979323846 * u;
 *     float answers[3] = {logf(1 - u), cosf(theta), sinf(theta)};
 *     fwrite(answers, 4, 3, stdout);
 * }
 * }</pre>
 *
 * compiled by {@code gcc -O1 -fno-builtin -ffp-contract=off}.
 */
class GlibcFloatTest {

    private static final String ANSWERS = "5250a5102f5730800e4cc5d488f127964696af8a534d92377c3b9d7a2b044e2b";

    @Test
    void everyArgumentThatNormalsHave() throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        ByteBuffer buffer = ByteBuffer.allocate(12 << 12).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < 1 << 24; k++) {
            float u = k * 0x1p-24f;
            float theta = (float) (2 * Math.PI * u);
            buffer.putFloat(GlibcFloat.log(1 - u));
            buffer.putFloat(GlibcFloat.cos(theta));
            buffer.putFloat(GlibcFloat.sin(theta));
            if (!buffer.hasRemaining()) {
                digest.update(buffer.array());
                buffer.clear();
            }
        }
        assertEquals(ANSWERS, HexFormat.of().formatHex(digest.digest()));
    }
}
