package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.ChunkedTensor.Part;
import io.detinit.interop.torch.DistributedMetadata.Place;
import io.detinit.interop.zip.ZipWriter.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A {@code .distcp} file: pieces of tensors one after the other, each a whole file of {@code torch.save}. Not thread-safe. */
final class PieceFile {

    private static final int CHUNK = 1 << 20;

    private final ByteSource bytes;
    private final TreeMap<Long, List<Placed>> pieces = new TreeMap<>();

    /** A piece of a tensor; tensors that are tied may have one in common. */
    private record Placed(ChunkedTensor tensor, Part part) {}

    /**
     * A file.
     *
     * @param bytes all of it
     */
    PieceFile(ByteSource bytes) {
        this.bytes = bytes;
    }

    ByteSource bytes() {
        return bytes;
    }

    /** What a piece is called; begins the keys of its storages. */
    static String record(Place place) {
        return place.file() + "@" + place.offset();
    }

    /** Adds a piece that lies in this file. */
    void add(ChunkedTensor tensor, Part part) {
        pieces.computeIfAbsent(part.place().offset(), offset -> new ArrayList<>())
                .add(new Placed(tensor, part));
    }

    /** The tensors that have pieces here, in the order of the file. */
    List<String> tensors() {
        return pieces.values().stream()
                .flatMap(List::stream)
                .map(placed -> placed.tensor().info().name())
                .distinct()
                .toList();
    }

    /**
     * Writes the file with the elements of some tensors replaced. Every byte keeps its place; checksums of changed pieces are set anew,
     * for which new elements are read twice. One piece at a time is opened.
     *
     * @param replacements by name
     * @param sink receives as many bytes as the file has
     * @throws MalformedFileException if a piece that changes overlaps another one that does
     * @throws IOException if reading or writing fails
     */
    void write(Map<String, TensorView> replacements, Sink sink) throws IOException {
        long at = 0;
        for (List<Placed> here : pieces.values()) {
            List<Placed> changed = here.stream()
                    .filter(placed ->
                            replacements.containsKey(placed.tensor().info().name()))
                    .toList();
            if (changed.isEmpty()) {
                continue;
            }
            Place place = changed.get(0).part().place();
            if (place.offset() < at) {
                throw MalformedFileException.of(
                        bytes.name(), "byte " + place.offset(), "a piece inside another one", "one after the other");
            }
            copy(at, place.offset(), sink);
            patched(changed, place, replacements, sink);
            at = place.offset() + place.length();
        }
        copy(at, bytes.size(), sink);
    }

    private void patched(List<Placed> changed, Place place, Map<String, TensorView> replacements, Sink sink)
            throws IOException {
        List<TensorView> olds = new ArrayList<>();
        Map<String, TensorView> news = new HashMap<>();
        for (Placed placed : changed) {
            TensorView replacement = replacements.get(placed.tensor().info().name());
            StorageTensor old = placed.part().open();
            TensorInfo info = old.info();
            if (replacement != null) {
                olds.add(old);
                news.put(
                        info.name(),
                        new BoxTensor(info, replacement, placed.part().box()));
            }
        }
        ByteSource piece = SavedPiece.held(bytes.part(bytes.name(), place.offset(), place.length()));
        ZipPatches patches = new ZipPatches(piece);
        NestedZip.patch(patches, record(place), piece, new StorageOverlays(bytes.name(), olds, news));
        patches.write(sink);
    }

    private void copy(long from, long to, Sink sink) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, Math.max(0, to - from)));
        for (long at = from; at < to; at += chunk.limit()) {
            bytes.read(at, chunk.clear().limit((int) Math.min(CHUNK, to - at)));
            sink.write(chunk.flip());
        }
    }
}
