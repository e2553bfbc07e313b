package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.ByteMutator;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.roaringbitmap.longlong.Roaring64NavigableMap;

/** Mask files of both kinds: what is written, what is read back, and what is refused. */
class MaskFileTest {

    private static final MaskRecord RECORD = MaskRecord.of("test", List.of("a", "b"), "detinit test");

    @TempDir
    Path folder;

    private static Mask random(TensorShape shape, double density, long seed) {
        Random random = new Random(seed);
        return Mask.of(shape, element -> random.nextDouble() < density);
    }

    /** Arrays, bitmaps and runs in the compressed form; a matrix that lies transposed; nothing, and everything. */
    private static StoredMasks masks() {
        Map<String, Mask> masks = new LinkedHashMap<>();
        masks.put("conv.weight", random(TensorShape.of(4, 3, 3, 3), 0.5, 1));
        masks.put("few", random(TensorShape.of(400, 500), 0.001, 2));
        masks.put("half", random(TensorShape.of(400, 500), 0.5, 3));
        masks.put("runs", Mask.of(TensorShape.of(400, 500), element -> element % 40000 > 5));
        masks.put("none", Mask.of(TensorShape.of(70, 3), element -> false));
        masks.put("all", Mask.of(TensorShape.of(70, 3), element -> true));
        masks.put("empty", Mask.of(TensorShape.of(0, 3), element -> true));
        masks.put("turned", random(TensorShape.of(11, 7), 0.5, 4));
        return new StoredMasks(masks, Set.of("turned"), true);
    }

    @Test
    void theFileHoldsOneByteAWeightUnderTheNamesOfPyTorch() throws IOException {
        Path path = folder.resolve("m.safetensors");
        InitPlan plan = new InitPlan(5, List.of(new PlannedTensor("half", TensorShape.of(400, 500), 0, Scheme.HE)));
        StoredMasks masks = masks();
        MaskFile.write(path, masks, RECORD, Optional.of(PlanJson.write(plan)));
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(
                    masks.masks().keySet().stream().map(name -> name + "_mask").toList(),
                    file.tensors().stream().map(tensor -> tensor.info().name()).toList());
            for (TensorView tensor : file.tensors()) {
                Mask mask = masks.masks().get(tensor.info().name().replaceAll("_mask$", ""));
                assertEquals(DType.U8, tensor.info().dtype());
                assertEquals(mask.shape(), tensor.info().shape());
                byte[] bytes = new byte[(int) mask.size()];
                tensor.readBytes(0, ByteBuffer.wrap(bytes));
                for (int k = 0; k < bytes.length; k++) {
                    assertEquals(mask.keeps(k) ? 1 : 0, bytes[k]);
                }
            }
            assertEquals(PlanJson.write(plan), file.metadata().get(Checkpoint.PLAN_KEY));
            assertEquals(
                    "{\"operation\":\"test\",\"sources\":[\"a\",\"b\"],\"tool\":\"detinit test\",\"stored\":{\"turned\":\"in_out\"}}",
                    file.metadata().get("detinit.mask"));
        }
    }

    @Test
    void bothKindsAreReadBackByTheirContent() throws IOException {
        StoredMasks masks = masks();
        Path bytes = folder.resolve("one");
        Path bitmaps = folder.resolve("two.safetensors");
        MaskFile.write(bytes, masks, RECORD, Optional.of("{}"));
        MaskBitmaps.write(bitmaps, masks, RECORD, Optional.of("{}"));
        MaskFile first = MaskFile.read(bytes);
        MaskFile second = MaskFile.read(bitmaps);
        assertEquals(masks, first.stored());
        assertEquals(masks, second.stored());
        assertEquals(
                List.copyOf(masks.masks().keySet()),
                List.copyOf(second.stored().masks().keySet()));
        assertEquals(first.metadata(), second.metadata());
        assertEquals(
                TensorShape.of(7, 11), first.stored().logical().get("turned").shape());
        assertEquals(masks, first.stored().withLogical(second.stored().logical()));
        assertTrue(Files.size(bitmaps) * 8 < Files.size(bytes), Files.size(bitmaps) + " of " + Files.size(bytes));
        assertEquals(folder.resolve("one.roaring"), MaskBitmaps.sidecar(bytes));
    }

    /** The library's own reader of the portable 64-bit form takes what stands after the header. */
    @Test
    void aBitmapIsThePortableForm() throws IOException {
        Path path = folder.resolve("m.roaring");
        Mask mask = random(TensorShape.of(400, 500), 0.3, 1);
        MaskBitmaps.write(path, new StoredMasks(Map.of("w", mask), Set.of(), true), RECORD, Optional.empty());
        byte[] bytes = Files.readAllBytes(path);
        int start =
                16 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(8);
        Roaring64NavigableMap kept = new Roaring64NavigableMap();
        kept.deserializePortable(new DataInputStream(new ByteArrayInputStream(bytes, start, bytes.length - start)));
        assertEquals(mask.kept(), kept.getLongCardinality());
        for (long element = 0; element < mask.size(); element++) {
            assertEquals(mask.keeps(element), kept.contains(element));
        }
    }

    private Path write(TensorInfo info, byte... bytes) throws IOException {
        Path path = folder.resolve("x.safetensors");
        SafetensorsWriter.write(path, List.of(ArrayTensor.of(info, ByteBuffer.wrap(bytes))), Map.of());
        return path;
    }

    private static TensorInfo info(String name, DType dtype, long... dims) {
        return new TensorInfo(name, dtype, TensorShape.of(dims), TensorInfo.Kind.BUFFER);
    }

    private static String refused(Path path) {
        String message = assertThrows(MalformedFileException.class, () -> MaskFile.read(path))
                .getMessage();
        assertTrue(message.startsWith(path.toString()), message);
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void masksOfOtherToolsAreReadAsTheyLie() throws IOException {
        byte[] bytes = {0, 1, 1, 0, 0, 1};
        MaskFile file = MaskFile.read(write(info("fc.weight_mask", DType.BOOL, 2, 3), bytes));
        assertEquals(List.of("fc.weight"), List.copyOf(file.stored().masks().keySet()));
        assertFalse(file.stored().orderKnown());
        Mask mask = file.stored().masks().get("fc.weight");
        for (int k = 0; k < bytes.length; k++) {
            assertEquals(bytes[k] == 1, mask.keeps(k));
        }
    }

    @Test
    void otherValuesNamesAndTypesAreNamed() throws IOException {
        Path two = write(info("w_mask", DType.U8, 2, 3), new byte[] {0, 1, 1, 2, 0, 1});
        long at = Files.size(two) - 6 + 3;
        String message = refused(two);
        assertTrue(message.contains("tensor 'w_mask', element 3 at byte " + at), message);
        assertTrue(message.contains("found 2, expected 0 (prune) or 1 (keep)"), message);
        assertTrue(refused(write(info("w_mask", DType.BOOL, 1), (byte) 255)).contains("found 255"));
        assertTrue(refused(write(info("w", DType.U8, 1), (byte) 1)).contains("expected <parameter>_mask"));
        assertTrue(refused(write(info("_mask", DType.U8, 1), (byte) 1)).contains("expected <parameter>_mask"));
        assertTrue(refused(write(info("w_mask", DType.I8, 1), (byte) 1)).contains("found I8, expected U8 or BOOL"));
        Path none = folder.resolve("none.safetensors");
        SafetensorsWriter.write(none, List.of(), Map.of());
        assertTrue(refused(none).contains("found none, expected a mask at least"));
    }

    @Test
    void metadataThatDoesNotFitIsNamed() throws IOException {
        TensorInfo vector = info("v_mask", DType.U8, 2);
        for (String metadata : List.of(
                "nonsense",
                "[]",
                "{\"stored\":3}",
                "{\"stored\":{\"v\":\"sideways\"}}",
                "{\"stored\":{\"v\":\"in_out\"}}",
                "{\"stored\":{\"w\":\"in_out\"}}")) {
            Path path = folder.resolve("m.safetensors");
            SafetensorsWriter.write(
                    path,
                    List.of(ArrayTensor.of(vector, ByteBuffer.wrap(new byte[] {0, 1}))),
                    Map.of(MaskRecord.KEY, metadata));
            assertTrue(refused(path).contains("metadata detinit.mask"), metadata);
        }
    }

    private byte[] bitmaps() throws IOException {
        Path path = folder.resolve("small");
        Map<String, Mask> masks = new LinkedHashMap<>();
        masks.put("a", random(TensorShape.of(9, 9), 0.5, 1));
        masks.put("b", random(TensorShape.of(100, 100), 0.5, 1));
        masks.put("c", Mask.of(TensorShape.of(100, 100), element -> element > 1000));
        MaskBitmaps.write(path, new StoredMasks(masks, Set.of("a"), true), RECORD, Optional.empty());
        return Files.readAllBytes(path);
    }

    private Path edited(String from, String to) throws IOException {
        byte[] whole = bitmaps();
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(from) && from.length() == to.length(), from);
        return Files.write(folder.resolve("edited"), text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    void headersOfBitmapsAreNotBelieved() throws IOException {
        assertTrue(refused(edited("[9,9]", "[9,8]")).contains("one after"), "a weight beyond the shape");
        assertTrue(refused(edited("\"offset\":0", "\"offset\":8")).contains("expected data byte 0"));
        assertTrue(refused(edited("\"name\":\"b\"", "\"name\":\"a\"")).contains("found it twice"));
        assertTrue(refused(edited("\"name\":\"b\"", "\"nome\":\"b\"")).contains("without a name"));
        assertTrue(refused(edited("detinit-bitmap/1", "detinit-bitmap/2")).contains("expected detinit-bitmap/1"));
        assertTrue(refused(edited("[100,100]", "[-10,100]")).contains("an integer in [0, 2^63)"));
        assertTrue(refused(edited("[100,100]", "[99999999,99]".substring(0, 9))).contains("JSON"));
        assertTrue(refused(edited("\"kept\":8999", "\"kept\":8998")).contains("kept weights"));
        byte[] long9 = bitmaps();
        Arrays.fill(long9, 8, 16, (byte) 0x7F);
        assertTrue(refused(Files.write(folder.resolve("long"), long9)).contains("header length at byte 8"));
    }

    /** A few bytes may not ask for gigabytes: an empty bitmap fits any shape. */
    @Test
    void largeShapesNeedBytesBehindThem() throws IOException {
        String header = "{\"format\":\"detinit-bitmap/1\",\"metadata\":{},\"tensors\":[{\"name\":\"w\","
                + "\"shape\":[1000000,30000],\"kept\":0,\"offset\":0,\"bytes\":8}]}";
        ByteBuffer bytes = ByteBuffer.allocate(16 + header.length() + 8).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("detbits1".getBytes(StandardCharsets.US_ASCII)).putLong(header.length());
        bytes.put(header.getBytes(StandardCharsets.US_ASCII)).putLong(0);
        assertTrue(refused(Files.write(folder.resolve("bomb"), bytes.array())).contains("is not supported"));
    }

    /** In memory; the reader of safetensors has tests of its own for damaged files. */
    @Test
    void damagedBitmapsAreRefusedInOneLine() throws IOException {
        byte[] bitmaps = bitmaps();
        Path name = Path.of("mutant");
        int refused = ByteMutator.run(
                List.of(bitmaps), damaged -> MaskBitmaps.read(name, new MemoryBytes("mutant", damaged)));
        assertTrue(refused > 100, refused + " refused: the damage is too gentle");
        for (int length = 0; length < bitmaps.length; length++) {
            MemoryBytes cut = new MemoryBytes("cut", Arrays.copyOf(bitmaps, length));
            assertThrows(MalformedFileException.class, () -> MaskBitmaps.read(name, cut));
        }
    }

    @Test
    void nothingIsLeftWhereWritingFails() throws IOException {
        Path missing = folder.resolve("no/m.safetensors");
        assertThrows(IOException.class, () -> MaskFile.write(missing, masks(), RECORD, Optional.empty()));
        assertThrows(IOException.class, () -> MaskBitmaps.write(missing, masks(), RECORD, Optional.empty()));
        try (var files = Files.list(folder)) {
            assertArrayEquals(new Object[0], files.toArray());
        }
    }
}
