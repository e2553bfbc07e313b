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
import io.detinit.interop.zip.ZipWriter.Body;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private final Map<String, PieceFile> files = new LinkedHashMap<>();
    private final List<TensorView> tensors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

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
        ChunkedTensor tensor =
                new ChunkedTensor(new TensorInfo(item.name(), item.dtype(), shape(item.sizes()), kind), parts);
        for (Part part : parts) {
            Objects.requireNonNull(files.get(part.place().file())).add(tensor, part);
        }
        return tensor;
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
                    place,
                    () -> layout.read(bytes.name(), PieceFile.record(place), SavedPiece.held(bytes), item.dtype()));
        }
        StorageTensor opened = layout.read(folder.name(), PieceFile.record(place), bytes, item.dtype());
        return new Part(box, bytes, layout, place, () -> opened);
    }

    private static TensorShape shape(List<Long> sizes) {
        return TensorShape.of(sizes.stream().mapToLong(Long::longValue).toArray());
    }

    private ByteSource bytes(Place place, String where) throws IOException {
        PieceFile known = files.get(place.file());
        if (known == null) {
            known = new PieceFile(open(place.file(), where));
            files.put(place.file(), known);
        }
        ByteSource file = known.bytes();
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
     * The files that pieces of tensors lie in.
     *
     * @return their names in the folder, each with the names of the tensors that have pieces there
     */
    public Map<String, List<String>> files() {
        Map<String, List<String>> tensorsOf = new LinkedHashMap<>();
        files.forEach((name, file) -> tensorsOf.put(name, file.tensors()));
        return tensorsOf;
    }

    /**
     * Writes a copy of one of {@link #files} in which the elements of replaced tensors are others. Every byte keeps its place; checksums
     * of changed pieces are set anew, for which new elements are read twice. One piece at a time is in memory with its description.
     *
     * @param file its name
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param out receives as many bytes as the file has
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a replacement does not fit, or no piece lies in a file of that name
     */
    public void writeFile(String file, Map<String, TensorView> replacements, OutputStream out) throws IOException {
        Replacements.check(tensors, replacements);
        PieceFile pieces = files.get(file);
        if (pieces == null) {
            throw new IllegalArgumentException(folder.name() + ": no piece of a tensor lies in " + file);
        }
        WritableByteChannel channel = Channels.newChannel(out);
        pieces.write(replacements, bytes -> {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
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
        Map<String, Body> patched = new HashMap<>();
        files.forEach((name, file) -> patched.put(name, sink -> file.write(replacements, sink)));
        FolderCopy copy = FolderCopy.of(path);
        OutputFolder.write(target, true, into -> copy.write(into, patched));
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }
}
