package io.detinit.interop.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelSizeTest {

    @TempDir
    Path folder;

    private static long gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.size();
    }

    private static OnnxMl.TensorProto.Builder external(String name, String location, long offset, long dim) {
        return TestModels.tensor(name, 1, dim)
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(entry("location", location))
                .addExternalData(entry("offset", Long.toString(offset)));
    }

    private static OnnxMl.StringStringEntryProto entry(String key, String value) {
        return OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build();
    }

    @Test
    void aSingleFileIsCompressedAsTheJdkDoes() throws IOException {
        OnnxMl.GraphProto.Builder graph = TestModels.linear();
        graph.addInitializer(TestModels.tensor("w", 1, 50_000).setRawData(ByteString.copyFrom(new byte[200_000])));
        Path file = TestModels.write(folder, graph);
        try (OnnxCheckpoint model = OnnxCheckpoint.open(file)) {
            byte[] bytes = Files.readAllBytes(file);
            ModelSize size = ModelSize.of(model);
            assertEquals(new ModelSize(1, bytes.length, gzip(bytes)), size);
            assertTrue(size.gzipBytes() < size.bytes() / 10, size.toString());
        }
    }

    /** In the graph, in the body of a node, in a node's attribute; two tensors of one file count once. */
    @Test
    void dataFilesAreCounted() throws IOException {
        Files.write(folder.resolve("w.bin"), new byte[1000]);
        Files.createDirectory(folder.resolve("sub"));
        Files.write(folder.resolve("sub/w.bin"), new byte[300]);
        Files.write(folder.resolve("body.bin"), new byte[70]);
        Files.write(folder.resolve("other.bin"), new byte[9999]);
        OnnxMl.GraphProto body = OnnxMl.GraphProto.newBuilder()
                .setName("body")
                .addInitializer(external("inner", "body.bin", 0, 4))
                .build();
        OnnxMl.GraphProto.Builder graph = TestModels.linear()
                .addInitializer(external("first", "w.bin", 0, 4))
                .addInitializer(external("second", "./w.bin", 16, 4))
                .addInitializer(external("third", "sub/w.bin", 0, 4))
                .addNode(TestModels.node("If", "i", "cond")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder()
                                .setName("then_branch")
                                .setType(OnnxMl.AttributeProto.AttributeType.GRAPH)
                                .setG(body)));
        Path file = TestModels.write(folder, graph);
        try (OnnxCheckpoint model = OnnxCheckpoint.open(file)) {
            long own = Files.size(file);
            long packed =
                    gzip(Files.readAllBytes(file)) + gzip(new byte[1000]) + gzip(new byte[300]) + gzip(new byte[70]);
            assertEquals(new ModelSize(4, own + 1370, packed), ModelSize.of(model));
        }
    }

    @Test
    void filesOutsideTheFolderAreNotLookedAt() throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Files.write(folder.resolve("secret"), new byte[50]);
        Files.createSymbolicLink(inner.resolve("link"), folder.resolve("secret"));
        for (String location :
                new String[] {"../secret", folder.resolve("secret").toString(), "link", "none", "", "a\0b"}) {
            OnnxMl.ModelProto.Builder model =
                    TestModels.model(TestModels.linear().addInitializer(external("w", location, 0, 4)));
            assertEquals(java.util.Set.of(), ExternalData.of(TestModels.write(inner, model)), location);
        }
    }

    @Test
    void zerosOfEitherSignAreCounted() throws IOException {
        OnnxMl.GraphProto.Builder graph = TestModels.linear();
        graph.setInitializer(3, TestModels.raw("W", new long[] {3, 2}, 0, -0f, 3, 0, Float.MIN_VALUE, Float.NaN));
        try (OnnxCheckpoint model = OnnxCheckpoint.open(TestModels.write(folder, graph))) {
            ZeroWeights found = ZeroWeights.of(model);
            assertEquals(new ZeroWeights(10, 4), found, "W [3, 2], b [3] and s [1]; unused is no parameter");
            assertEquals(0.4, found.share());
        }
        OnnxMl.GraphProto.Builder doubles = TestModels.linear();
        doubles.setInitializer(
                1, TestModels.tensor("s", 11, 2).addDoubleData(1e-300).addDoubleData(0));
        try (OnnxCheckpoint model = OnnxCheckpoint.open(TestModels.write(folder, doubles))) {
            assertEquals(new ZeroWeights(11, 2), ZeroWeights.of(model), "1e-300 is no zero; b holds one");
        }
        assertTrue(Double.isNaN(new ZeroWeights(0, 0).share()));
    }
}
