package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.StridedTensor;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders of chunks made by hand. */
class DistributedCheckpointTest {

    private static final String METADATA = "torch.distributed.checkpoint.metadata";

    @TempDir
    Path temp;

    private Path folder;
    private final ByteArrayOutputStream chunkFile = new ByteArrayOutputStream();
    private final List<Chunk> chunks = new ArrayList<>();

    /** A chunk of the one tensor, and where its item lies. */
    private record Chunk(Box box, String file, long offset, long length) {

        Chunk at(String other, long from, long bytes) {
            return new Chunk(box, other, from, bytes);
        }
    }

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createDirectory(temp.resolve("dcp"));
    }

    private static Box box(long[] offsets, long[] sizes) {
        return new Box(list(offsets), list(sizes));
    }

    private static List<Long> list(long[] numbers) {
        return Arrays.stream(numbers).boxed().toList();
    }

    /** Adds a chunk whose elements count from a number on. */
    private Chunk chunk(long[] offsets, long[] sizes, float... values) throws IOException {
        long[] strides = new long[sizes.length];
        long stride = 1;
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= sizes[axis];
        }
        byte[] item = Files.readAllBytes(TestArchives.of(new PickleBytes()
                        .tensor("0", values.length, 0, sizes, strides)
                        .stop())
                .floats("0", values)
                .write(temp.resolve("item")));
        Chunk chunk = new Chunk(box(offsets, sizes), "__0_0.distcp", chunkFile.size(), item.length);
        chunkFile.writeBytes(item);
        chunks.add(chunk);
        return chunk;
    }

    private static PickleBytes object(PickleBytes pickle, String module, String name) {
        return pickle.global(module, name).ops(")\u0081}(");
    }

    private static PickleBytes size(PickleBytes pickle, long... numbers) {
        return pickle.global("torch", "Size").numbers(numbers).ops("\u0085R");
    }

    private static PickleBytes size(PickleBytes pickle, List<Long> numbers) {
        return size(pickle, numbers.stream().mapToLong(Long::longValue).toArray());
    }

    private byte[] metadata(String dtype, long... shape) {
        PickleBytes pickle = object(new PickleBytes(), METADATA, "Metadata");
        pickle.text("state_dict_metadata").ops("}(").text("epoch");
        object(pickle, METADATA, "BytesStorageMetadata").ops("ub");
        object(pickle.text("w"), METADATA, "TensorStorageMetadata");
        pickle.text("properties").global(METADATA, "TensorProperties").ops(")\u0081(");
        pickle.global("torch", dtype).ops("NNNNtb").text("size");
        size(pickle, shape).text("chunks").ops("](");
        for (Chunk chunk : chunks) {
            object(pickle, METADATA, "ChunkStorageMetadata").text("offsets");
            size(pickle, chunk.box().offsets()).text("sizes");
            size(pickle, chunk.box().sizes()).ops("ub");
        }
        pickle.ops("eubu").text("storage_data").ops("}(");
        for (Chunk chunk : chunks) {
            object(pickle, METADATA, "MetadataIndex").text("fqn").text("w").text("offset");
            size(pickle, chunk.box().offsets()).text("index").ops("Nub");
            object(pickle, "torch.distributed.checkpoint.filesystem", "_StorageInfo");
            pickle.text("relative_path").text(chunk.file()).text("offset").number(chunk.offset());
            pickle.text("length").number(chunk.length()).ops("ub");
        }
        return pickle.ops("uub").stop();
    }

    private void write(long... shape) throws IOException {
        Files.write(folder.resolve("__0_0.distcp"), chunkFile.toByteArray());
        Files.write(folder.resolve(".metadata"), metadata("float32", shape));
    }

    private String refusal() {
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> DistributedCheckpoint.open(folder));
        assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
        return e.getMessage();
    }

    private static float[] floats(TensorView tensor) throws IOException {
        float[] values = new float[(int) tensor.info().shape().elements()];
        tensor.readFloats(0, values, 0, values.length);
        return values;
    }

    @Test
    void aGridOfChunksIsPutTogether() throws IOException {
        chunk(new long[] {0, 2}, new long[] {1, 3}, 2, 3, 4);
        chunk(new long[] {0, 0}, new long[] {1, 2}, 0, 1);
        chunk(new long[] {1, 0}, new long[] {2, 2}, 5, 6, 10, 11);
        chunk(new long[] {1, 2}, new long[] {2, 3}, 7, 8, 9, 12, 13, 14);
        write(3, 5);
        assertTrue(DistributedCheckpoint.matches(folder));
        assertFalse(DistributedCheckpoint.matches(temp));
        try (DistributedCheckpoint checkpoint = DistributedCheckpoint.open(folder)) {
            assertEquals("pytorch-distributed", checkpoint.format());
            assertEquals(List.of("items that are no tensors are not read: epoch"), checkpoint.warnings());
            TensorView tensor = checkpoint.tensors().get(0);
            assertEquals(Kind.PARAMETER, tensor.info().kind());
            assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, floats(tensor));
            assertTrue(tensor.location().startsWith("4 chunks, the first in storage __0_0.distcp@"), tensor.location());
            byte[] whole = new byte[60];
            tensor.readBytes(0, ByteBuffer.wrap(whole));
            for (int from = 0; from < 60; from++) {
                for (int length = 0; length <= 60 - from; length++) {
                    ByteBuffer part = ByteBuffer.allocate(length);
                    tensor.readBytes(from, part);
                    assertArrayEquals(Arrays.copyOfRange(whole, from, from + length), part.array());
                }
            }
        }
    }

    /** Random boxes by cutting: what is read is what was written, and is written back. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomCutsAreReadAndRewritten(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        long[] shape = new long[1 + random.nextInt(4)];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = 1L + random.nextInt(5);
        }
        cut(new long[shape.length], shape.clone(), shape, random, 4);
        write(shape);
        Path copy = temp.resolve("copy");
        Files.writeString(folder.resolve("notes.txt"), "kept");
        try (DistributedCheckpoint checkpoint = DistributedCheckpoint.open(folder)) {
            float[] values = floats(checkpoint.tensors().get(0));
            for (int k = 0; k < values.length; k++) {
                assertEquals(k, values[k]);
                values[k] = -k;
            }
            readLate(copy);
            TensorView now = ArrayTensor.of("w", TensorShape.of(shape), values);
            checkpoint.rewrite(copy, Map.of("w", now), Map.of());
            writeLate(now, copy);
            try (DistributedCheckpoint written = DistributedCheckpoint.open(copy)) {
                assertArrayEquals(values, floats(written.tensors().get(0)));
            }
        }
        assertEquals("kept", Files.readString(copy.resolve("notes.txt")));
        Chunk last = chunks.get(chunks.size() - 1);
        byte[] file = Files.readAllBytes(copy.resolve("__0_0.distcp"));
        Path item = temp.resolve("item.zip");
        Files.write(item, Arrays.copyOfRange(file, (int) last.offset(), (int) (last.offset() + last.length())));
        try (ZipFile zip = new ZipFile(item.toFile())) {
            var entry = zip.getEntry("archive/data/0");
            var crc = new java.util.zip.CRC32();
            crc.update(zip.getInputStream(entry).readAllBytes());
            assertEquals(crc.getValue(), entry.getCrc());
        }
    }

    /** The same folder opened as one that lies anywhere, its chunks opened when they are read, in order or by their pieces. */
    private void readLate(Path copy) throws IOException {
        try (DistributedCheckpoint late = DistributedCheckpoint.open(new LocalFolder(folder), folder)) {
            TensorView tensor = late.tensors().get(0);
            TensorView pieces = new StridedTensor(tensor.info(), tensor.pieces(), Long.MAX_VALUE);
            assertEquals(chunks.size(), tensor.pieces().size());
            for (float[] values : List.of(floats(pieces), floats(tensor))) {
                for (int k = 0; k < values.length; k++) {
                    assertEquals(k, values[k]);
                }
            }
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> late.rewrite(copy, Map.of(), Map.of()));
            assertEquals(folder + ": a copy is written of a folder of the file system alone", e.getMessage());
        }
    }

    /** File by file, as many machines would write the folder. */
    private void writeLate(TensorView now, Path copy) throws IOException {
        try (DistributedCheckpoint late = DistributedCheckpoint.open(new LocalFolder(folder), folder)) {
            assertEquals(Map.of("__0_0.distcp", List.of("w")), late.files());
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            late.writeFile("__0_0.distcp", Map.of("w", now), out);
            assertArrayEquals(Files.readAllBytes(copy.resolve("__0_0.distcp")), out.toByteArray());
            Map<String, TensorView> none = Map.of();
            assertThrows(IllegalArgumentException.class, () -> late.writeFile("notes.txt", none, out));
        }
    }

    private void cut(long[] from, long[] sizes, long[] shape, SplittableRandom random, int depth) throws IOException {
        int axis = random.nextInt(shape.length);
        if (depth > 0 && sizes[axis] > 1) {
            long[] first = sizes.clone();
            first[axis] = 1L + random.nextInt((int) sizes[axis] - 1);
            long[] second = sizes.clone();
            second[axis] -= first[axis];
            long[] then = from.clone();
            then[axis] += first[axis];
            cut(then, second, shape, random, depth - 1);
            cut(from, first, shape, random, depth - 1);
            return;
        }
        long elements = 1;
        for (long size : sizes) {
            elements *= size;
        }
        float[] values = new float[(int) elements];
        for (int k = 0; k < values.length; k++) {
            long[] index = Box.index(k, sizes);
            for (int a = 0; a < index.length; a++) {
                index[a] += from[a];
            }
            values[k] = Box.flat(index, shape);
        }
        chunk(from.clone(), sizes.clone(), values);
    }

    @Test
    void holesOverlapsAndChunksOutsideAreRefused() throws IOException {
        chunk(new long[] {0}, new long[] {2}, 0, 1);
        write(3);
        assertTrue(refusal().contains("chunks that leave 1 elements out"), refusal());
        chunk(new long[] {1}, new long[] {2}, 1, 2);
        write(3);
        assertTrue(refusal().contains("overlapping chunks at [0] and [1]"), refusal());
        chunks.set(1, new Chunk(box(new long[] {2}, new long[] {2}), "__0_0.distcp", 0, 9));
        write(3);
        assertTrue(refusal().contains("a chunk of [2] at [2]"), refusal());
        chunks.set(1, new Chunk(box(new long[] {Long.MAX_VALUE}, new long[] {2}), "__0_0.distcp", 0, 9));
        write(3);
        assertTrue(refusal().contains("exceeds 2^63"), refusal());
        chunks.set(1, new Chunk(box(new long[] {2, 0}, new long[] {1, 1}), "__0_0.distcp", 0, 9));
        write(3);
        assertTrue(refusal().contains("a chunk of rank 2"), refusal());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../outside", "/etc/passwd", "..", ".", "", "sub/file", "a\\b", "c:d", "nul\0", "link.distcp"})
    void namesThatLeaveTheFolderAreRefused(String name) throws IOException {
        Chunk good = chunk(new long[] {0}, new long[] {2}, 0, 1);
        Files.write(temp.resolve("outside"), chunkFile.toByteArray());
        Files.createSymbolicLink(folder.resolve("link.distcp"), temp.resolve("outside"));
        chunks.set(0, good.at(name, good.offset(), good.length()));
        write(2);
        String message = refusal();
        assertTrue(message.contains("a name in the folder") || message.contains("a link out of the folder"), message);
    }

    @Test
    void placesOutsideTheFileAndMissingFilesAreRefused() throws IOException {
        Chunk good = chunk(new long[] {0}, new long[] {2}, 0, 1);
        for (long[] place : new long[][] {{-1, 5}, {0, good.length() + 1}, {Long.MAX_VALUE, 5}, {5, Long.MAX_VALUE}}) {
            chunks.set(0, good.at(good.file(), place[0], place[1]));
            write(2);
            assertTrue(refusal().contains("bytes inside the file of " + good.length()), refusal());
        }
        chunks.set(0, good.at("gone.distcp", 0, 5));
        write(2);
        assertTrue(refusal().contains("no file gone.distcp"), refusal());
        chunks.set(0, good.at(good.file(), 0, good.length() - 1));
        write(2);
        assertTrue(refusal().contains("no directory at the end"), refusal());
    }

    @Test
    void aChunkOfAnotherShapeOrTypeIsRefused() throws IOException {
        Chunk good = chunk(new long[] {0}, new long[] {2}, 0, 1);
        chunks.set(0, new Chunk(box(new long[] {0}, new long[] {3}), good.file(), good.offset(), good.length()));
        write(3);
        assertTrue(refusal().contains("chunk at [0]: found F32 [2], expected F32 [3]"), refusal());
        chunks.set(0, good);
        Files.write(folder.resolve(".metadata"), metadata("float64", 2));
        assertTrue(refusal().contains("found F32 [2], expected F64 [2]"), refusal());
        Files.write(folder.resolve(".metadata"), metadata("complex32", 2));
        try (DistributedCheckpoint checkpoint = DistributedCheckpoint.open(folder)) {
            assertEquals(0, checkpoint.tensors().size());
            assertTrue(checkpoint.warnings().contains("tensor 'w' of type torch.complex32 is not read"));
        }
    }

    @Test
    void metadataOfAnotherShapeIsRefused() throws IOException {
        List<UnaryOperator<PickleBytes>> shapes = List.of(
                p -> p.ops("N"),
                p -> p.ops("}"),
                p -> object(p, METADATA, "Metadata").ops("ub"),
                p -> object(p, METADATA, "Metadata").text("state_dict_metadata").ops("Nub"),
                p -> object(p, METADATA, "Metadata")
                        .text("state_dict_metadata")
                        .ops("}(NNu")
                        .text("storage_data")
                        .ops("}ub"),
                p -> object(p, METADATA, "Metadata")
                        .text("state_dict_metadata")
                        .ops("}")
                        .text("storage_data")
                        .ops("}(NNuub"));
        for (UnaryOperator<PickleBytes> shape : shapes) {
            Files.write(
                    folder.resolve(".metadata"), shape.apply(new PickleBytes()).stop());
            assertTrue(refusal().contains("found "), refusal());
        }
    }

    @Test
    void boxesInDisorderCostNoTime() {
        List<Box> boxes = new ArrayList<>();
        for (long k = 0; k < 3_000; k++) { // long bars side by side, each of which the sweep finds active
            boxes.add(new Box(List.of(k, k), List.of(3_000L, 1L)));
        }
        MalformedFileException e = assertThrows(
                MalformedFileException.class,
                () -> new ChunkCover(1 << 20).check("f", "t", List.of(6_000L, 3_000L), boxes));
        assertTrue(e.getMessage().contains("disorder"), e.getMessage());
    }
}
