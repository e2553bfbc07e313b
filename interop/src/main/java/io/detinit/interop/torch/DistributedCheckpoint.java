package io.detinit.interop.torch;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.OutputFolder;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.ChunkedTensor.Part;
import io.detinit.interop.torch.DistributedMetadata.Chunk;
import io.detinit.interop.torch.DistributedMetadata.Item;
import io.detinit.interop.torch.DistributedMetadata.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A folder that {@code torch.distributed.checkpoint} wrote: {@code .metadata}, a pickle that says where each piece of each tensor
 * lies, and {@code .distcp} files, in which each piece is a whole file of {@code torch.save}. Tensors come in the order of the
 * metadata, put together from their pieces. Names of files are taken as names in the folder, never as paths.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class DistributedCheckpoint implements Checkpoint {

    private static final String METADATA = ".metadata";
    private static final int SHOWN = 8;

    private final PieceFolder folder;
    private final Path path;
    private final boolean local;
    private final Map<String, ByteSource> files = new HashMap<>();
    private final List<TensorView> tensors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Place> places = new HashMap<>();

    private DistributedCheckpoint(PieceFolder folder, Path path, boolean local) {
        this.folder = folder;
        this.path = path;
        this.local = local;
    }

    /**
     * Whether a folder is one that {@link #open} reads.
     *
     * @param folder a folder
     * @return whether it holds a file {@code .metadata}
     */
    public static boolean matches(Path folder) {
        return Files.isRegularFile(folder.resolve(METADATA));
    }

    /**
     * Opens a folder. Each piece's own pickle is read; elements are read when asked for.
     *
     * @param folder the folder
     * @return the open checkpoint; close it
     * @throws MalformedFileException if the metadata or a piece breaks the rules, or pieces leave a hole or overlap
     * @throws IOException if a file cannot be read
     */
    public static DistributedCheckpoint open(Path folder) throws IOException {
        return open(new DistributedCheckpoint(new LocalFolder(folder), folder, true));
    }

    /**
     * Opens a folder anywhere, such as in a store of objects. The metadata is read, and whether each piece lies inside its file is
     * checked; a piece's own pickle is read when its elements are asked for. The checkpoint is not rewritten.
     *
     * @param folder the folder, closed with the checkpoint, also when opening fails
     * @param path what {@link #path} gives
     * @return the open checkpoint; close it
     * @throws MalformedFileException if the metadata breaks the rules, names a file that is not there or is too short, or pieces
     *     leave a hole or overlap
     * @throws IOException if a file cannot be read
     */
    public static DistributedCheckpoint open(PieceFolder folder, Path path) throws IOException {
        return open(new DistributedCheckpoint(folder, path, false));
    }

    private static DistributedCheckpoint open(DistributedCheckpoint checkpoint) throws IOException {
        try {
            checkpoint.read();
            return checkpoint;
        } catch (IOException | RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    private void read() throws IOException {
        ByteSource bytes = folder.open(METADATA);
        DistributedMetadata metadata =
                DistributedMetadata.of(bytes.name(), PickleRecord.read(bytes.name(), "pickle", bytes));
        warnings.addAll(metadata.warnings());
        if (!metadata.others().isEmpty()) {
            List<String> others = metadata.others();
            String more = others.size() > SHOWN ? " and " + (others.size() - SHOWN) + " more" : "";
            warnings.add("items that are no tensors are not read: "
                    + others.stream().limit(SHOWN).collect(Collectors.joining(", ")) + more);
        }
        ChunkCover cover = new ChunkCover();
        for (Item item : metadata.tensors()) {
            tensors.add(tensor(item, cover));
        }
    }

    private ChunkedTensor tensor(Item item, ChunkCover cover) throws IOException {
        String where = "tensor '" + item.name() + "'";
        List<Chunk> chunks = item.chunks().stream()
                .filter(chunk -> !chunk.sizes().contains(0L))
                .toList();
        cover.check(
                folder.name() + "/" + METADATA,
                where,
                item.sizes(),
                chunks.stream()
                        .map(chunk -> new Box(chunk.offsets(), chunk.sizes()))
                        .toList());
        List<Part> parts = new ArrayList<>();
        for (Chunk chunk : chunks) {
            parts.add(part(item, chunk));
        }
        boolean optimizer = item.name().startsWith("optim");
        Kind kind = optimizer ? Kind.OPTIMIZER : TensorKinds.of(item.name(), item.dtype());
        return new ChunkedTensor(new TensorInfo(item.name(), item.dtype(), shape(item.sizes()), kind), parts);
    }

    private Part part(Item item, Chunk chunk) throws IOException {
        Place place = chunk.place();
        Box box = new Box(chunk.offsets(), chunk.sizes());
        SavedPiece layout = SavedPiece.of(item.name(), place, box);
        ByteSource bytes = bytes(place, "tensor '" + item.name() + "', chunk at " + chunk.offsets());
        if (!local) {
            return new Part(
                    box,
                    bytes,
                    layout,
                    () -> layout.read(bytes.name(), record(place), SavedPiece.held(bytes), item.dtype()));
        }
        StorageTensor opened = layout.read(folder.name(), record(place), bytes, item.dtype());
        places.put(opened.storageView().storage().key(), place);
        return new Part(box, bytes, layout, () -> opened);
    }

    /** What a piece is called; begins the keys of its storages. */
    private static String record(Place place) {
        return place.file() + "@" + place.offset();
    }

    private static TensorShape shape(List<Long> sizes) {
        return TensorShape.of(sizes.stream().mapToLong(Long::longValue).toArray());
    }

    private ByteSource bytes(Place place, String where) throws IOException {
        ByteSource file = files.get(place.file());
        if (file == null) {
            file = open(place.file(), where);
            files.put(place.file(), file);
        }
        if (place.offset() < 0 || place.length() < 0 || place.offset() > file.size() - place.length()) {
            throw MalformedFileException.of(
                    folder.name(),
                    where,
                    place.length() + " bytes from byte " + place.offset() + " of " + place.file() + " on",
                    "bytes inside the file of " + file.size());
        }
        return file.part(file.name(), place.offset(), place.length());
    }

    private ByteSource open(String name, String where) throws IOException {
        boolean simple = !name.isEmpty() && !name.equals(".") && !name.equals("..") && !name.matches(".*[/\\\\:\0].*");
        try {
            if (simple) {
                return folder.open(name);
            }
        } catch (NoSuchFileException e) {
            throw MalformedFileException.of(folder.name(), where, "no file " + name, "one in the folder");
        } catch (InvalidPathException e) {
            // said below
        }
        throw MalformedFileException.of(folder.name(), where, "the file name '" + name + "'", "a name in the folder");
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return TorchFormat.DISTRIBUTED.id();
    }

    @Override
    public List<TensorView> tensors() {
        return List.copyOf(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    @Override
    public boolean keepsMetadata() {
        return false;
    }

    @Override
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /**
     * Writes a copy of the folder in which the elements of replaced tensors are others. Every byte keeps its place, so the
     * metadata stays true; checksums of changed pieces are set anew. Everything else in the folder is copied, links excepted.
     *
     * @param target the folder to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata not kept, as {@link #keepsMetadata} says
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a replacement does not fit, or the folder was opened as a {@link PieceFolder}
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        if (!local) {
            throw new IllegalArgumentException(
                    folder.name() + ": a copy is written of a folder of the file system alone");
        }
        Replacements.check(tensors, replacements);
        List<TensorView> pieces = new ArrayList<>();
        Map<String, TensorView> news = new HashMap<>();
        for (TensorView tensor : tensors) {
            TensorView replacement = replacements.get(tensor.info().name());
            if (replacement != null && tensor instanceof ChunkedTensor chunked) {
                for (Part part : chunked.parts()) {
                    TensorInfo info = part.tensor().info();
                    pieces.add(part.tensor());
                    news.put(info.name(), new BoxTensor(info, replacement, part.box()));
                }
            }
        }
        StorageOverlays overlays = new StorageOverlays(folder.name(), pieces, news);
        Map<String, ZipPatches> patches = new HashMap<>();
        for (Map.Entry<String, Place> entry : places.entrySet()) {
            Place place = entry.getValue();
            ByteSource file = files.get(place.file());
            if (overlays.covers(entry.getKey()) && file != null) {
                ZipPatches patch = patches.computeIfAbsent(place.file(), name -> new ZipPatches(file));
                NestedZip.patch(patch, record(place), bytes(place, place.file()), overlays);
            }
        }
        FolderCopy copy = FolderCopy.of(path);
        OutputFolder.write(target, true, into -> copy.write(into, patches));
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }
}
