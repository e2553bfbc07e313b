package io.detinit.interop.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxProbeTest {

    @TempDir
    Path folder;

    private boolean both(byte[] content) throws IOException {
        boolean whole = OnnxCheckpoint.looksLikeOnnx(Files.write(folder.resolve("f"), content));
        assertEquals(whole, OnnxCheckpoint.looksLikeOnnx(ByteBuffer.wrap(content), content.length));
        return whole;
    }

    @Test
    void modelsAreRecognised() throws IOException {
        byte[] model = TestModels.model(TestModels.linear()).build().toByteArray();
        assertTrue(both(model));
        ByteBuffer prefix = ByteBuffer.wrap(model, 0, 16);
        assertTrue(OnnxCheckpoint.looksLikeOnnx(prefix, model.length));
        assertEquals(0, prefix.position());
        assertFalse(OnnxCheckpoint.looksLikeOnnx(ByteBuffer.wrap(model, 0, 12), 12), "a length beyond the file");
    }

    @Test
    void otherFilesAreNot() throws IOException {
        assertFalse(both(new byte[0]));
        assertFalse(both("PK\3\4 and so on".getBytes(StandardCharsets.ISO_8859_1)), "zip");
        assertFalse(both(HexFormat.of().parseHex("80028a0a6cfc9c46f9206aa85019")), "torch.save, legacy");
        assertFalse(both("\10\0\0\0\0\0\0\0{}      ".getBytes(StandardCharsets.ISO_8859_1)), "safetensors");
        assertFalse(both("<!DOCTYPE html>".getBytes(StandardCharsets.ISO_8859_1)), "html");
        assertFalse(both("{\"a\": 1}".getBytes(StandardCharsets.ISO_8859_1)), "json");
        assertFalse(both(new byte[] {0x42, 0x00}), "an opset alone");
    }
}
