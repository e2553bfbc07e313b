package io.detinit.interop.mask;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Masks in a file: safetensors with one U8 tensor {@code <name>_mask} for each parameter, 1 = keep, in the shape and axis order
 * of the parameter in its own file. The names are those of {@code torch.nn.utils.prune}, whose {@code custom_from_mask} takes
 * the tensors. A {@linkplain MaskBitmaps bitmap file} is read just as well, and so is the index of a set of such files.
 *
 * @param path the file
 * @param stored its masks
 * @param metadata its metadata; {@code detinit.mask} says how the masks were made, {@code detinit.plan} is the plan
 */
public record MaskFile(Path path, StoredMasks stored, Map<String, String> metadata) {

    /** What follows a parameter's name in its mask's name. */
    public static final String SUFFIX = "_mask";

    private static final int CHUNK = 1 << 20;

    /** Copies the metadata. */
    public MaskFile {
        metadata = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Writes masks as U8 tensors.
     *
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param masks the masks, in the order of the parameters' file
     * @param record how they were made
     * @param plan the plan behind them, as JSON
     * @throws IOException if writing fails
     */
    public static void write(Path target, StoredMasks masks, MaskRecord record, Optional<String> plan)
            throws IOException {
        List<TensorView> tensors = new ArrayList<>();
        masks.masks().forEach((name, mask) -> tensors.add(new MaskTensor(name + SUFFIX, mask)));
        SafetensorsWriter.write(target, tensors, record.metadata(masks, plan));
    }

    /**
     * Reads masks, from a file of U8 or BOOL tensors or from a bitmap file, told apart by their content.
     *
     * @param path the file, or an index ({@code .index.json}) of several
     * @return the masks
     * @throws MalformedFileException if it is neither, a tensor has another dtype or name, or a byte is neither 0 nor 1
     * @throws IOException if reading fails
     */
    public static MaskFile read(Path path) throws IOException {
        if (MaskBitmaps.matches(path)) {
            return MaskBitmaps.read(path);
        }
        try (Checkpoint file = open(path)) {
            Map<String, Mask> masks = new LinkedHashMap<>();
            for (TensorView tensor : file.tensors()) {
                masks.put(parameterName(path, tensor.info()), mask(path, tensor));
            }
            return of(path, masks, file.metadata());
        }
    }

    /** A file, or the index of a set of files. */
    private static Checkpoint open(Path path) throws IOException {
        return String.valueOf(path.getFileName()).endsWith(".index.json")
                ? ShardedCheckpoint.open(path, SafetensorsFile::open)
                : SafetensorsFile.open(path);
    }

    static MaskFile of(Path path, Map<String, Mask> masks, Map<String, String> metadata) throws MalformedFileException {
        if (masks.isEmpty()) {
            throw MalformedFileException.of(path, "tensors", "none", "a mask at least");
        }
        return new MaskFile(path, MaskRecord.order(path, masks, metadata), metadata);
    }

    static String parameterName(Object path, TensorInfo info) throws MalformedFileException {
        String name = info.name();
        if (!name.endsWith(SUFFIX) || name.length() == SUFFIX.length()) {
            throw MalformedFileException.of(path, "tensor '" + name + "'", "that name", "<parameter>" + SUFFIX);
        }
        if (info.dtype() != DType.U8 && info.dtype() != DType.BOOL) {
            throw MalformedFileException.of(
                    path, "tensor '" + name + "'", info.dtype().name(), "U8 or BOOL");
        }
        return name.substring(0, name.length() - SUFFIX.length());
    }

    private static Mask mask(Path path, TensorView tensor) throws IOException {
        Mask mask = empty(path, tensor.info());
        for (long from = 0; from < mask.size(); from += CHUNK) {
            int count = (int) Math.min(CHUNK, mask.size() - from);
            ByteBuffer bytes = tensor.view(from, count);
            for (int k = 0; k < count; k++) {
                byte value = bytes.get(k);
                if (value == 1) {
                    mask.keep(from + k);
                } else if (value != 0) {
                    throw badValue(path, tensor, from + k, value & 0xFF);
                }
            }
        }
        return mask;
    }

    private static Mask empty(Path path, TensorInfo info) throws MalformedFileException {
        try {
            return new Mask(info.shape());
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.unsupported(
                    path, "tensor '" + info.name() + "'", "the shape " + info.shape(), "2^37 weights are the most");
        }
    }

    private static MalformedFileException badValue(Path path, TensorView tensor, long element, int value) {
        String at = tensor instanceof FileTensor file ? "byte " + file.bytes().filePosition(element) : "its data";
        return MalformedFileException.of(
                path,
                "tensor '" + tensor.info().name() + "', element " + element + " at " + at,
                String.valueOf(value),
                "0 (prune) or 1 (keep)");
    }
}
