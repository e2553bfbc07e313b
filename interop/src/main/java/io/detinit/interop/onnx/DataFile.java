package io.detinit.interop.onnx;

import io.detinit.interop.file.FileBytes;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The data file of a new model: elements at multiples of 4096 bytes, as the format advises for mapping. */
final class DataFile {

    private static final int ALIGNMENT = 4096;

    private record Old(FileBytes file, long offset, long length) {}

    private final Path path;
    private final List<Piece> pieces = new ArrayList<>();
    private final Map<Old, Long> copied = new HashMap<>();
    private final IdentityHashMap<TensorView, Long> added = new IdentityHashMap<>();
    private long size;

    private DataFile(Path path) {
        this.path = path;
    }

    /**
     * Chooses a name that no file has: {@code model.onnx.data}, {@code model.onnx.2.data} and so on, since a file that is
     * there may belong to another model, or to the one that is about to be replaced.
     */
    static DataFile beside(Path target) {
        Path absolute = target.toAbsolutePath();
        String name = String.valueOf(absolute.getFileName()).replaceAll("[\\\\:\\p{Cntrl}]", "_");
        Path path = absolute.resolveSibling(name + ".data");
        for (int number = 2; Files.exists(path, LinkOption.NOFOLLOW_LINKS); number++) {
            path = absolute.resolveSibling(name + "." + number + ".data");
        }
        return new DataFile(path);
    }

    Path path() {
        return path;
    }

    boolean isEmpty() {
        return pieces.isEmpty();
    }

    /** Adds elements of an old data file, once however often they are shared; returns the external_data for them. */
    List<Piece> copy(Storage.External old, long length) {
        Long offset = copied.computeIfAbsent(
                new Old(old.file(), old.offset(), length),
                range -> add(new Piece.Range(range.file(), range.offset(), range.offset() + length)));
        return reference(offset, length);
    }

    /** Adds a tensor's elements, once however often that tensor is given; returns the external_data for them. */
    List<Piece> add(TensorView tensor) {
        Long offset = added.computeIfAbsent(tensor, one -> add(new Piece.Elements(one)));
        return reference(offset, tensor.info().bytes());
    }

    private long add(Piece piece) {
        int padding = (int) (-size & (ALIGNMENT - 1));
        if (padding > 0) {
            pieces.add(new Piece.Bytes(new byte[padding]));
        }
        long offset = size + padding;
        pieces.add(piece);
        size = Math.addExact(offset, piece.length());
        return offset;
    }

    /** ONNX Runtime refuses any other key than these three. */
    private List<Piece> reference(long offset, long length) {
        return List.of(
                Piece.entry(TensorField.EXTERNAL_DATA, "location", String.valueOf(path.getFileName())),
                Piece.entry(TensorField.EXTERNAL_DATA, "offset", Long.toString(offset)),
                Piece.entry(TensorField.EXTERNAL_DATA, "length", Long.toString(length)));
    }

    void write(FileChannel target) throws IOException {
        Piece.write(pieces, target);
    }
}
