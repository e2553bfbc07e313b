package io.detinit.interop.mask;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Masks as compressed bitmaps, {@code detinit-bitmap/1}: what a {@link MaskFile} holds in a byte a weight takes an eighth of that
 * at most, and about two bytes a kept weight where few are kept.
 *
 * <p>The file is the 8 bytes {@code detbits1}; the length of the header, a little-endian u64; the header, a JSON object padded
 * with spaces so that the data begins at a multiple of 8; the data. The header is {@code {"format":"detinit-bitmap/1",
 * "metadata":{key:text}, "tensors":[{"name","shape","kept","offset","bytes"}]}}: names are those of the parameters, shapes and
 * order those of the parameters' file, offsets count from the start of the data, and tensors lie there one after the other
 * without a hole. Each is the set of the kept weights' row-major indices in the portable 64-bit form of the RoaringBitmap format:
 * a little-endian u64 count, then as often the upper 32 bits (u32, ascending) and a portable 32-bit bitmap of the lower ones.
 *
 * <p>An empty bitmap has 8 bytes for any shape. So that a few bytes cannot ask for gigabytes, a file whose tensors have more than
 * 2^30 weights together is read only where its data has a byte for each 4096 of them.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class MaskBitmaps {

    private static final byte[] MAGIC = "detbits1".getBytes(StandardCharsets.US_ASCII);
    private static final String FORMAT = "detinit-bitmap/1";
    private static final int MAX_HEADER = 1 << 24;
    private static final int PREFIX = 16;

    /** An empty bitmap of any shape has 8 bytes: beyond 2^30 weights, a file must back them by one byte for so many weights. */
    private static final long WEIGHTS_A_BYTE = 1L << 12;

    private static final long FREE_WEIGHTS = 1L << 30;

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(64).build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private MaskBitmaps() {}

    /** What the header says of a tensor. */
    private record Entry(String name, TensorShape shape, long kept, long offset, long bytes) {}

    /**
     * Where the bitmaps of a mask file lie.
     *
     * @param masks a mask file
     * @return {@code <masks>.roaring} beside it
     */
    public static Path sidecar(Path masks) {
        return masks.resolveSibling(masks.getFileName() + ".roaring");
    }

    /**
     * Whether a file holds bitmaps, by its first bytes.
     *
     * @param path the file
     * @return true where it begins as such a file does
     * @throws IOException if it cannot be read
     */
    static boolean matches(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(path)) {
            return Arrays.equals(in.readNBytes(MAGIC.length), MAGIC);
        }
    }

    /**
     * Writes masks as bitmaps. All compressed bitmaps are held in memory, an eighth of a byte a weight at most.
     *
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param masks the masks, in the order of the parameters' file
     * @param record how they were made
     * @param plan the plan behind them, as JSON
     * @throws IOException if writing fails
     * @throws IllegalArgumentException if the header exceeds 16 MiB
     */
    public static void write(Path target, StoredMasks masks, MaskRecord record, Optional<String> plan)
            throws IOException {
        List<Packed> bitmaps = new ArrayList<>();
        masks.masks().forEach((name, mask) -> bitmaps.add(new Packed(name, mask.shape(), MaskBitmap.of(mask))));
        ByteBuffer head = head(bitmaps, record.metadata(masks, plan));
        AtomicFile.write(target, channel -> {
            writeFully(channel, head);
            for (Packed packed : bitmaps) {
                packed.bitmap().write(bytes -> writeFully(channel, bytes));
            }
        });
    }

    /**
     * Writes masks that lie in a mask file as bitmaps, the same bytes as {@link #write(Path, StoredMasks, MaskRecord, Optional)}. All
     * compressed bitmaps are held in memory, an eighth of a byte a weight at most; the masks are read piece by piece.
     *
     * @param out receives the file
     * @param masks an open mask file of U8 or BOOL tensors
     * @param metadata the metadata of the file
     * @throws MalformedFileException if a tensor is no mask
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the header exceeds 16 MiB
     */
    public static void write(OutputStream out, Checkpoint masks, Map<String, String> metadata) throws IOException {
        List<Packed> bitmaps = new ArrayList<>();
        for (TensorView mask : masks.tensors()) {
            String name = MaskFile.parameterName(masks.path(), mask.info());
            StoredBits bits = new StoredBits(masks.path().toString(), mask);
            TensorShape shape = mask.info().shape();
            bitmaps.add(new Packed(name, shape, MaskBitmap.of(bits, shape.elements())));
        }
        WritableByteChannel channel = Channels.newChannel(out);
        writeFully(channel, head(bitmaps, metadata));
        for (Packed packed : bitmaps) {
            packed.bitmap().write(bytes -> writeFully(channel, bytes));
        }
    }

    /** A mask that is to be written. */
    private record Packed(String name, TensorShape shape, MaskBitmap bitmap) {}

    private static ByteBuffer head(List<Packed> masks, Map<String, String> metadata) throws IOException {
        ObjectNode header = JSON.createObjectNode().put("format", FORMAT);
        metadata.forEach(header.putObject("metadata")::put);
        ArrayNode tensors = header.putArray("tensors");
        long offset = 0;
        for (Packed mask : masks) {
            ObjectNode tensor = tensors.addObject().put("name", mask.name());
            Arrays.stream(mask.shape().dims()).forEach(tensor.putArray("shape")::add);
            long bytes = mask.bitmap().bytes();
            tensor.put("kept", mask.bitmap().kept()).put("offset", offset).put("bytes", bytes);
            offset += bytes;
        }
        return head(header);
    }

    private static ByteBuffer head(ObjectNode header) throws IOException {
        byte[] json = JSON.writeValueAsBytes(header);
        int padded = (json.length + 7) / 8 * 8;
        if (padded > MAX_HEADER) {
            throw new IllegalArgumentException(
                    "the header of the bitmaps has " + padded + " bytes; at most " + MAX_HEADER + " are read");
        }
        ByteBuffer head = ByteBuffer.allocate(PREFIX + padded).order(ByteOrder.LITTLE_ENDIAN);
        head.put(MAGIC).putLong(padded).put(json);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        return head.flip();
    }

    private static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Reads bitmaps.
     *
     * @param path the file
     * @return the masks
     * @throws MalformedFileException if it breaks a rule of the format
     * @throws IOException if reading fails
     */
    public static MaskFile read(Path path) throws IOException {
        try (FileBytes file = FileBytes.open(path)) {
            return read(path, file);
        }
    }

    static MaskFile read(Path path, ByteSource file) throws IOException {
        BitmapFile bitmaps = open(path, file, () -> {});
        Map<String, Mask> masks = new LinkedHashMap<>();
        for (BitmapFile.Stored mask : bitmaps.masks()) {
            masks.put(mask.name(), mask.read(path));
        }
        return MaskFile.of(path, masks, bitmaps.metadata());
    }

    /**
     * Whether a file holds bitmaps, by its first bytes.
     *
     * @param file the file
     * @return true where it begins as such a file does
     * @throws IOException if it cannot be read
     */
    public static boolean matches(ByteSource file) throws IOException {
        byte[] head = new byte[(int) Math.min(MAGIC.length, file.size())];
        file.read(0, ByteBuffer.wrap(head));
        return Arrays.equals(head, MAGIC);
    }

    /**
     * Opens bitmaps as the tensors {@code <name>_mask} that they stand for. Only the header is read at once; a tensor is unpacked to one
     * bit a weight when its first element is read. Its tensors are not thread-safe.
     *
     * @param file the file
     * @param path its name
     * @param closer closed with the checkpoint
     * @return the masks
     * @throws MalformedFileException if the header breaks a rule of the format
     * @throws IOException if reading fails
     */
    public static Checkpoint open(ByteSource file, Path path, Closeable closer) throws IOException {
        return open(path, file, closer);
    }

    private static BitmapFile open(Path path, ByteSource file, Closeable closer) throws IOException {
        long length = headerLength(path, file);
        byte[] json = new byte[(int) length];
        file.read(PREFIX, ByteBuffer.wrap(json));
        JsonNode header = header(path, json);
        long start = PREFIX + length;
        Set<String> names = new HashSet<>();
        List<BitmapFile.Stored> masks = new ArrayList<>();
        for (Entry entry : entries(path, header.path("tensors"), file.size() - start)) {
            String name = file.name() + ": tensor '" + entry.name() + "'";
            ByteSource bytes = file.part(name, start + entry.offset(), entry.bytes());
            if (!names.add(entry.name())) {
                throw MalformedFileException.of(path, "tensor '" + entry.name() + "'", "it twice", "it once");
            }
            masks.add(new BitmapFile.Stored(entry.name(), entry.shape(), entry.kept(), bytes));
        }
        return new BitmapFile(path, metadata(path, header.path("metadata")), masks, closer);
    }

    private static long headerLength(Path path, ByteSource file) throws IOException {
        ByteBuffer prefix = ByteBuffer.allocate((int) Math.min(PREFIX, file.size()));
        file.read(0, prefix);
        if (prefix.capacity() < PREFIX || !prefix.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
            throw MalformedFileException.of(path, "byte 0", "no bitmap file", "detbits1 and a header length");
        }
        long length = prefix.order(ByteOrder.LITTLE_ENDIAN).getLong(MAGIC.length);
        long most = Math.min(MAX_HEADER, file.size() - PREFIX);
        if (length < 0 || length > most) {
            throw MalformedFileException.of(
                    path, "header length at byte 8", Long.toUnsignedString(length), "at most " + most);
        }
        return length;
    }

    private static JsonNode header(Path path, byte[] json) throws MalformedFileException {
        JsonNode header;
        try {
            header = JSON.readTree(json);
        } catch (IOException e) { // not JSON, or not even text
            throw MalformedFileException.of(path, "header at byte 16", "bytes that are not JSON", "a JSON object");
        }
        if (!header.path("tensors").isArray() || !header.path("metadata").isObject()) {
            throw MalformedFileException.of(
                    path, "header at byte 16", "fields that are missing", "an object 'metadata', an array 'tensors'");
        }
        if (!header.path("format").asText().equals(FORMAT)) {
            throw MalformedFileException.of(
                    path, "header: format", "'" + header.path("format").asText() + "'", FORMAT);
        }
        return header;
    }

    private static Map<String, String> metadata(Path path, JsonNode node) throws MalformedFileException {
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            if (!entry.getValue().isTextual()) {
                throw MalformedFileException.of(
                        path,
                        "header: metadata '" + entry.getKey() + "'",
                        entry.getValue().getNodeType().toString(),
                        "a string");
            }
            metadata.put(entry.getKey(), entry.getValue().textValue());
        }
        return metadata;
    }

    /** The tensors, which must cover the data in their order without hole, overlap or rest. */
    private static List<Entry> entries(Path path, JsonNode tensors, long dataBytes) throws MalformedFileException {
        List<Entry> entries = new ArrayList<>();
        long at = 0;
        long weights = Math.max(FREE_WEIGHTS, dataBytes * WEIGHTS_A_BYTE);
        for (JsonNode node : tensors) {
            Entry entry = entry(path, node);
            weights -= Math.min(weights + 1, entry.shape().elements());
            if (weights < 0) {
                throw MalformedFileException.unsupported(
                        path,
                        "tensor '" + entry.name() + "'",
                        "the shape " + entry.shape() + " in a file with " + dataBytes + " bytes of bitmaps",
                        "a mask file of U8 tensors holds it");
            }
            if (entry.offset() != at || entry.bytes() > dataBytes - at) {
                throw MalformedFileException.of(
                        path,
                        "tensor '" + entry.name() + "': offset and bytes",
                        entry.offset() + " and " + entry.bytes(),
                        "data byte " + at + " and at most the " + (dataBytes - at) + " bytes left");
            }
            at += entry.bytes();
            entries.add(entry);
        }
        if (at != dataBytes) {
            throw MalformedFileException.of(path, "end of the data", dataBytes + " bytes", at + " bytes");
        }
        return entries;
    }

    private static Entry entry(Path path, JsonNode node) throws MalformedFileException {
        JsonNode name = node.path("name");
        if (!name.isTextual() || name.textValue().isEmpty()) {
            throw MalformedFileException.of(path, "header: tensors", "an entry without a name", "a name");
        }
        String where = "tensor '" + name.textValue() + "'";
        JsonNode shape = node.path("shape");
        long[] dims = new long[shape.size()];
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = number(path, where + ": shape", shape.path(axis));
        }
        if (!shape.isArray()) {
            throw MalformedFileException.of(path, where + ": shape", "none", "an array of integers");
        }
        TensorShape parsed;
        try {
            parsed = TensorShape.of(dims);
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.of(path, where + ": shape", Arrays.toString(dims), "fewer than 2^63 weights");
        }
        return new Entry(
                name.textValue(),
                parsed,
                number(path, where + ": kept", node.path("kept")),
                number(path, where + ": offset", node.path("offset")),
                number(path, where + ": bytes", node.path("bytes")));
    }

    private static long number(Path path, String where, JsonNode node) throws MalformedFileException {
        if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 0) {
            String found = node.isMissingNode() ? "nothing" : node.toString();
            throw MalformedFileException.of(path, where, found, "an integer in [0, 2^63)");
        }
        return node.longValue();
    }
}
