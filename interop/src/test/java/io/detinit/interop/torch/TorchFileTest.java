package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives and legacy files that are made up, most of them to do harm. */
class TorchFileTest {

    private static final long[] NONE = {};

    @TempDir
    Path folder;

    private Path archive(PickleBytes pickle, float... storage) throws IOException {
        return TestArchives.of(pickle.stop()).floats("0", storage).write(folder.resolve("a.pt"));
    }

    private static float[] floats(TensorView tensor) throws IOException {
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    private String refusal(PickleBytes pickle, float... storage) throws IOException {
        Path path = archive(pickle, storage);
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> TorchFile.open(path));
        String message = e.getMessage();
        assertTrue(message.startsWith(path + ": "), message);
        return message.substring(path.toString().length() + 2);
    }

    /** Bytes from anywhere are read, and copied to a file with other elements. */
    @Test
    void bytesFromAnywhere() throws IOException {
        PickleBytes pickle = new PickleBytes().ops("}(");
        pickle.text("t").tensor("0", 4, 0, new long[] {2, 2}, new long[] {1, 2}).ops("u");
        byte[] content = Files.readAllBytes(archive(pickle, 0, 1, 2, 3));
        List<String> closed = new ArrayList<>();
        Path copy = folder.resolve("copy.pt");
        MemoryBytes bytes = new MemoryBytes("store:/a.pt", content);
        try (TorchFile file = TorchFile.open(bytes, Path.of("/a.pt"), () -> closed.add("a"))) {
            assertEquals(Path.of("/a.pt"), file.path());
            assertArrayEquals(new float[] {0, 2, 1, 3}, floats(file.tensors().get(0)));
            TensorView other = ArrayTensor.of("t", TensorShape.of(2, 2), new float[] {4, 5, 6, 7});
            file.rewrite(copy, Map.of("t", other), Map.of());
        }
        assertEquals(List.of("a"), closed);
        try (TorchFile file = TorchFile.open(copy)) {
            assertArrayEquals(new float[] {4, 5, 6, 7}, floats(file.tensors().get(0)));
        }
        MemoryBytes cut = new MemoryBytes("store:/a.pt", Arrays.copyOf(content, content.length - 9));
        MalformedFileException e = assertThrows(
                MalformedFileException.class, () -> TorchFile.open(cut, Path.of("/a.pt"), () -> closed.add("b")));
        assertTrue(e.getMessage().startsWith("store:/a.pt: "), e.getMessage());
        assertEquals(List.of("a", "b"), closed);
    }

    @Test
    void stridesOffsetsScalarsAndEmptyTensors() throws IOException {
        PickleBytes pickle = new PickleBytes().ops("}(");
        pickle.text("t").tensor("0", 6, 0, new long[] {3, 2}, new long[] {1, 3});
        pickle.text("s").tensor("0", 6, 4, NONE, NONE);
        pickle.text("e").tensor("0", 6, 0, new long[] {0, 5}, new long[] {5, 1});
        pickle.text("x").tensor("0", 6, 1, new long[] {2, 3}, new long[] {0, 2});
        pickle.ops("u");
        try (TorchFile file = TorchFile.open(archive(pickle, 0, 1, 2, 3, 4, 5))) {
            List<TensorView> tensors = file.tensors();
            assertEquals("pytorch", file.format());
            assertEquals(
                    List.of("t", "s", "e", "x"),
                    tensors.stream().map(t -> t.info().name()).toList());
            assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, floats(tensors.get(0)));
            assertArrayEquals(new float[] {4}, floats(tensors.get(1)));
            assertEquals(TensorShape.of(), tensors.get(1).info().shape());
            assertArrayEquals(new float[] {}, floats(tensors.get(2)));
            assertArrayEquals(new float[] {1, 3, 5, 1, 3, 5}, floats(tensors.get(3)));
        }
    }

    @Test
    void aRangeInsideOfElementsIsRead() throws IOException {
        PickleBytes pickle = new PickleBytes()
                .entry("t")
                .tensor("0", 6, 0, new long[] {3, 2}, new long[] {1, 3})
                .ops("s");
        try (TorchFile file = TorchFile.open(archive(pickle, 0, 1, 2, 3, 4, 5))) {
            TensorView tensor = file.tensors().get(0);
            byte[] whole = new byte[24];
            tensor.view(0, 24).get(whole);
            for (int from = 0; from <= 24; from++) {
                for (int to = from; to <= 24; to++) {
                    byte[] part = new byte[to - from];
                    tensor.view(from, to - from).get(part);
                    assertArrayEquals(java.util.Arrays.copyOfRange(whole, from, to), part);
                }
            }
        }
    }

    @Test
    void contiguousTensorsAreReadWithoutACopy() throws IOException {
        PickleBytes pickle = new PickleBytes()
                .entry("t")
                .tensor("0", 4, 1, new long[] {3}, new long[] {1})
                .ops("s");
        try (TorchFile file = TorchFile.open(archive(pickle, 9, 1, 2, 3))) {
            TensorView tensor = file.tensors().get(0);
            assertTrue(tensor.view(0, 12).isDirect(), "mapped");
            assertEquals(2f, tensor.view(4, 8).getFloat());
        }
    }

    @Test
    void viewsOutsideOfTheirStorageAreRefused() throws IOException {
        assertEquals(
                "tensor 'w': found element 6 of storage archive/data/0, expected one of its 6",
                refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, 0, new long[] {7}, new long[] {1})
                                .ops("s"),
                        new float[6]));
        assertEquals(
                "tensor 'w': found element 8 of storage archive/data/0, expected one of its 6",
                refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, 0, new long[] {3}, new long[] {4})
                                .ops("s"),
                        new float[6]));
        assertTrue(refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, 0, new long[] {1L << 40, 1L << 40}, new long[] {0, 0})
                                .ops("s"),
                        new float[6])
                .contains("product exceeds 2^63"));
        assertTrue(refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, 0, new long[] {1L << 40}, new long[] {0})
                                .ops("s"),
                        new float[6])
                .contains("1099511627776 elements in a storage of 6"));
        assertTrue(refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, Long.MAX_VALUE, new long[] {2}, new long[] {1})
                                .ops("s"),
                        new float[6])
                .contains("exceeds 2^63"));
        assertTrue(refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 6, 0, new long[] {-1}, new long[] {1})
                                .ops("s"),
                        new float[6])
                .contains("none or negative"));
    }

    @Test
    void anEmptyTensorMayLieAnywhere() throws IOException {
        PickleBytes pickle = new PickleBytes()
                .entry("e")
                .tensor("0", 6, 1L << 61, new long[] {0}, new long[] {1})
                .ops("s");
        try (TorchFile file = TorchFile.open(archive(pickle, new float[6]))) {
            assertArrayEquals(new float[] {}, floats(file.tensors().get(0)));
            assertEquals(0, file.tensors().get(0).view(0, 0).remaining());
        }
    }

    @Test
    void storagesThatAreMissingOrOfAnotherSizeAreRefused() throws IOException {
        assertEquals(
                "tensor 'w': found no entry 'archive/data/7', expected its storage",
                refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("7", 6, 0, new long[] {6}, new long[] {1})
                                .ops("s"),
                        new float[6]));
        assertEquals(
                "tensor 'w', storage 0: found 24 bytes, expected 7 elements of FloatStorage",
                refusal(
                        new PickleBytes()
                                .entry("w")
                                .tensor("0", 7, 0, new long[] {6}, new long[] {1})
                                .ops("s"),
                        new float[6]));
    }

    @Test
    void callsOfStrangersAreReportedAndDoNotStopTheTensorsBesideThem() throws IOException {
        PickleBytes pickle = new PickleBytes()
                .ops("}(")
                .text("evil")
                .global("os", "system")
                .text("echo")
                .bytes(0x85)
                .ops("R");
        pickle.text("w").tensor("0", 2, 0, new long[] {2}, new long[] {1}).ops("u");
        try (TorchFile file = TorchFile.open(archive(pickle, 1, 2))) {
            assertEquals(1, file.tensors().size());
            assertEquals(
                    List.of(
                            "the pickle names os.system; nothing of it was run, and torch.load(weights_only=True) refuses it"),
                    file.warnings());
        }
    }

    @Test
    void nothingButCallsOfStrangersIsRefused() throws IOException {
        assertEquals(
                "pickle: found no tensor but calls of os.system, expected tensors; nothing of it was run",
                refusal(new PickleBytes()
                        .global("os", "system")
                        .text("echo")
                        .bytes(0x85)
                        .ops("R")));
    }

    @Test
    void deepNestingAndContainersInsideThemselvesAreRefused() throws IOException {
        PickleBytes deep = new PickleBytes();
        for (int k = 0; k < 100_000; k++) {
            deep.ops("]");
        }
        for (int k = 1; k < 100_000; k++) {
            deep.ops("a");
        }
        assertTrue(refusal(deep).contains("nested more than 200 deep"));
        // A list, remembered as entry 0 and appended to itself
        assertTrue(
                refusal(new PickleBytes().ops("]q").bytes(0).ops("h").bytes(0).ops("a"))
                        .contains("within themselves"));
    }

    @Test
    void sharedContainersThatUnfoldWithoutEndAreRefused() throws IOException {
        // Each list holds the one before it ten times: 10^12 paths
        PickleBytes pickle = new PickleBytes().ops("]q").bytes(0);
        for (int level = 0; level < 12; level++) {
            pickle.ops("](");
            for (int k = 0; k < 10; k++) {
                pickle.ops("h").bytes(level);
            }
            pickle.ops("eq").bytes(level + 1);
        }
        // The lists that were made before lie on the stack still
        assertTrue(refusal(new PickleBytes().ops("N").bytes(pickleBody(pickle))).contains("values"));
    }

    private static int[] pickleBody(PickleBytes pickle) {
        byte[] all = pickle.bytes(0x86).stop();
        int[] body = new int[all.length - 3];
        for (int k = 0; k < body.length; k++) {
            body[k] = all[k + 2] & 0xFF;
        }
        return body;
    }

    @Test
    void aSecondPickleAfterTheFirstIsRefused() throws IOException {
        byte[] one = new PickleBytes()
                .entry("w")
                .tensor("0", 1, 0, new long[] {1}, new long[] {1})
                .ops("s")
                .stop();
        byte[] two = java.util.Arrays.copyOf(one, one.length + 3);
        Path path = TestArchives.of(two).floats("0", 1).write(folder.resolve("two.pt"));
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> TorchFile.open(path));
        assertTrue(e.getMessage().contains("found 3 bytes after STOP"), e.getMessage());
    }

    @Test
    void tiedTensorsGetOneValueAndStayTied() throws IOException {
        long[] two = {2};
        long[] one = {1};
        PickleBytes pickle = new PickleBytes().ops("}(").text("a").tensor("0", 2, 0, two, one);
        pickle.text("b").tensor("0", 2, 0, two, one).ops("u");
        Path target = folder.resolve("b.pt");
        try (TorchFile file = TorchFile.open(archive(pickle, 1, 2))) {
            assertEquals(Map.of("b", "a"), file.tied());
            InitPlan plan = DefaultPlan.of(file, 1, InitRules.he());
            assertEquals(1, plan.tensors().size(), "tied tensors count once");
            AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT), 1)
                    .audit(file, Baseline.of(new Plan.Addressed(plan), file));
            assertEquals("tied to a", report.tensors().get(1).reason());
            TensorView other = ArrayTensor.of("a", TensorShape.of(2), new float[] {5, 6});
            file.rewrite(target, Map.of("a", other), Map.of());
            TensorView conflicting = ArrayTensor.of("b", TensorShape.of(2), new float[] {7, 8});
            MalformedFileException e = assertThrows(
                    MalformedFileException.class,
                    () -> file.rewrite(target, Map.of("a", other, "b", conflicting), Map.of()));
            assertTrue(e.getMessage().contains("tied to"), e.getMessage());
        }
        try (TorchFile copy = TorchFile.open(target)) {
            assertArrayEquals(new float[] {5, 6}, floats(copy.tensors().get(1)));
        }
    }

    @Test
    void deflatedAndMisalignedRecordsAreReadAndWritten() throws IOException {
        PickleBytes pickle = new PickleBytes().ops("}(");
        pickle.text("a").tensor("0", 4, 0, new long[] {4}, new long[] {1});
        pickle.text("b").tensor("1", 2, 0, new long[] {2}, new long[] {1}).ops("u");
        Path zipped = folder.resolve("again.pt");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(zipped))) {
            Map<String, byte[]> records = new java.util.LinkedHashMap<>();
            records.put("x/data.pkl", pickle.stop());
            records.put(
                    "x/data/0",
                    new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, (byte) 0x80, 0x40});
            records.put("x/data/1", new byte[8]);
            for (Map.Entry<String, byte[]> record : records.entrySet()) {
                zip.putNextEntry(new ZipEntry(record.getKey())); // deflated, and at any byte
                zip.write(record.getValue());
            }
        }
        Path target = folder.resolve("copy.pt");
        try (TorchFile file = TorchFile.open(zipped)) {
            assertArrayEquals(new float[] {1, 2, 3, 4}, floats(file.tensors().get(0)));
            file.rewrite(target, Map.of("b", ArrayTensor.of("b", TensorShape.of(2), new float[] {8, 9})), Map.of());
        }
        try (TorchFile copy = TorchFile.open(target)) {
            assertArrayEquals(new float[] {1, 2, 3, 4}, floats(copy.tensors().get(0)));
            assertArrayEquals(new float[] {8, 9}, floats(copy.tensors().get(1)));
        }
    }

    @Test
    void quantisedAndSparseTensorsAreListed() throws IOException {
        PickleBytes pickle = new PickleBytes()
                .ops("}(")
                .text("q")
                .global("torch._utils", "_rebuild_qtensor")
                .ops("((");
        pickle.text("storage")
                .global("torch", "QInt8Storage")
                .text("0")
                .text("cpu")
                .number(4)
                .ops("tQ");
        pickle.number(0)
                .numbers(4)
                .numbers(1)
                .ops("(")
                .global("torch", "per_tensor_affine")
                .number(1)
                .number(0);
        pickle.ops("t").bytes(0x89).ops("NtR");
        pickle.text("s").global("torch._utils", "_rebuild_sparse_tensor").ops("(N(");
        pickle.tensor("LongStorage", "1", 2, 0, new long[] {1, 2}, new long[] {2, 1});
        pickle.tensor("2", 2, 0, new long[] {2}, new long[] {1}).numbers(9).ops("ttRu");
        Path path = TestArchives.of(pickle.stop())
                .record("data/0", new byte[4])
                .record("data/1", new byte[16])
                .floats("2", 1, 2)
                .write(folder.resolve("q.pt"));
        try (TorchFile file = TorchFile.open(path)) {
            assertEquals(
                    List.of("q", "s.indices", "s.values"),
                    file.tensors().stream().map(t -> t.info().name()).toList());
            assertTrue(file.tensors().stream().allMatch(t -> t.info().kind() == TensorInfo.Kind.OTHER));
            assertEquals(2, file.warnings().size(), file.warnings()::toString);
        }
    }

    @Test
    void keysThatOnlyLookAlikeAreTwoTensors() throws IOException {
        PickleBytes pickle = new PickleBytes().ops("}(").number(1);
        pickle.tensor("0", 2, 0, new long[] {1}, new long[] {1}).text("1");
        pickle.tensor("0", 2, 1, new long[] {1}, new long[] {1}).ops("u");
        try (TorchFile file = TorchFile.open(archive(pickle, 1, 2))) {
            assertEquals(
                    List.of("1", "1#2"),
                    file.tensors().stream().map(t -> t.info().name()).toList());
            assertArrayEquals(new float[] {2}, floats(file.tensors().get(1)));
        }
    }

    @Test
    void aKeyThatIsSetTwiceKeepsItsPlaceAndItsLastValue() throws IOException {
        PickleBytes pickle = new PickleBytes().ops("}(").text("a");
        pickle.tensor("0", 2, 0, new long[] {1}, new long[] {1}).text("b");
        pickle.tensor("0", 2, 0, new long[] {1}, new long[] {1}).text("a");
        pickle.tensor("0", 2, 1, new long[] {1}, new long[] {1}).ops("u");
        try (TorchFile file = TorchFile.open(archive(pickle, 1, 2))) {
            assertEquals(
                    List.of("a", "b"),
                    file.tensors().stream().map(t -> t.info().name()).toList());
            assertArrayEquals(new float[] {2}, floats(file.tensors().get(0)));
        }
    }
}
