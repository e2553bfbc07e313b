package io.detinit.interop.delta;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.parallel.InOrder;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The packed file with zeros in place of its weights, in chunks: graph, code and whatever else the file holds come back with it.
 *
 * <p>Immutable; safe for use by many threads while the delta file is open.
 */
final class Skeleton {

    private final Path path;
    private final ChunkTable table;
    private final long bytes;

    /**
     * A skeleton in a delta file.
     *
     * @param path the delta file, for messages
     * @param tensor its chunks
     * @param info what the record says of it
     * @throws MalformedFileException if the chunks do not have the size that the record says
     */
    Skeleton(Path path, TensorView tensor, DeltaRecord.SkeletonInfo info) throws IOException {
        this.path = path;
        this.bytes = info.bytes();
        if (tensor.info().dtype() != DType.U8 || tensor.info().shape().rank() != 1 || bytes > Long.MAX_VALUE / 8) {
            throw MalformedFileException.of(
                    path,
                    "tensor '" + tensor.info().name() + "'",
                    tensor.info().dtype() + " " + tensor.info().shape() + " for " + bytes + " bytes",
                    "a vector of U8");
        }
        this.table = ChunkTable.read(path, tensor, 8 * bytes, false);
    }

    /** How many bytes it has on the disk when it is unpacked, holes not counted. */
    long bytes() {
        return bytes;
    }

    /** Writes the file; runs of zeros are holes where the file system can have holes. */
    void write(Path target) throws IOException {
        try (FileChannel channel = FileChannel.open(
                target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            for (int number = 0; number < table.chunks(); number++) {
                boolean last = number == table.chunks() - 1;
                if (table.encoding(number) != Chunk.Encoding.ZEROS || last) {
                    ByteBuffer chunk = ByteBuffer.wrap(table.decode(number));
                    append(channel, chunk, (long) number * Chunk.BYTES);
                }
            }
        }
    }

    private static void append(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /** A malformed skeleton: what its own format says of it. */
    MalformedFileException malformed(IOException cause) {
        String found = String.valueOf(cause.getMessage());
        return MalformedFileException.of(
                path,
                "tensor '" + DeltaFile.SKELETON + "'",
                "a container that is refused: " + found,
                "the packed file");
    }

    /** What was made for packing: the chunks, in a temporary file, and the size of what they hold. */
    record Packed(FileTensor chunks, FileBytes file, DeltaRecord.SkeletonInfo info) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    /**
     * Makes the skeleton of a checkpoint.
     *
     * @param checkpoint the open checkpoint
     * @param folder an empty folder for temporary files
     * @param packed tells the tensors of which the delta holds less than all elements
     * @param threads how many threads, >= 1
     * @return the skeleton; empty where the checkpoint is more than one file, or cannot be written with other tensors
     */
    static Optional<Packed> of(Checkpoint checkpoint, Path folder, Predicate<String> packed, int threads)
            throws IOException {
        Path container = folder.resolve(containerName(checkpoint.format()));
        if (!writeZeros(checkpoint, container, name -> true) && !writeZeros(checkpoint, container, packed)) {
            return Optional.empty();
        }
        try (Stream<Path> written = Files.list(folder)) {
            if (!Files.isRegularFile(container) || written.count() != 1) {
                return Optional.empty();
            }
        }
        Path chunks = folder.resolve("chunks");
        try (FileBytes source = FileBytes.open(container)) {
            encode(source, chunks, threads);
            FileBytes file = FileBytes.open(chunks);
            TensorInfo info =
                    new TensorInfo(DeltaFile.SKELETON, DType.U8, TensorShape.of(file.size()), TensorInfo.Kind.OTHER);
            return Optional.of(
                    new Packed(new FileTensor(info, file, ""), file, new DeltaRecord.SkeletonInfo(source.size())));
        }
    }

    /** A name by which the format knows its files. */
    static String containerName(String format) {
        return format.equals("onnx") ? "container.onnx" : "container";
    }

    private static boolean writeZeros(Checkpoint checkpoint, Path target, Predicate<String> which) throws IOException {
        Map<String, TensorView> zeros = new LinkedHashMap<>();
        for (TensorView tensor : checkpoint.tensors()) {
            TensorInfo info = tensor.info();
            if (info.bytes() > 0 && !checkpoint.tied().containsKey(info.name()) && which.test(info.name())) {
                zeros.put(info.name(), new ZeroTensor(info));
            }
        }
        try {
            checkpoint.rewrite(target, zeros, Map.of());
            return true;
        } catch (MalformedFileException | IllegalArgumentException | UnsupportedOperationException e) {
            return false; // a tensor that lies in the file in a way that is not written
        }
    }

    private static void encode(FileBytes source, Path target, int threads) throws IOException {
        long chunks = ChunkTable.chunks(8 * source.size());
        ByteBuffer table =
                ByteBuffer.allocate(Math.toIntExact(chunks * ChunkTable.ENTRY)).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.position(table.capacity());
            InOrder.run(
                    threads,
                    chunks,
                    List::of,
                    (none, number) -> {
                        long from = number * Chunk.BYTES;
                        byte[] bytes = new byte[(int) Math.min(Chunk.BYTES, source.size() - from)];
                        source.read(from, ByteBuffer.wrap(bytes));
                        return Chunk.encode(bytes);
                    },
                    chunk -> {
                        table.putLong(ChunkTable.entry(0, chunk));
                        try {
                            append(channel, ByteBuffer.wrap(chunk.payload()), channel.position());
                            channel.position(channel.position() + chunk.payload().length);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
            append(channel, table.flip(), 0);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
