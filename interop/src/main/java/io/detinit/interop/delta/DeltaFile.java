package io.detinit.interop.delta;

import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.parallel.InOrder;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open delta file, seen as the checkpoint that it stands for: its tensors are restored when they are read, at any range, and
 * nothing of them is held. Opening reads the record, the plan and the tables of the masks alone, and checks them against one
 * another and the file; a payload is checked when it is read.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class DeltaFile implements Checkpoint {

    /** The name of the tensor of the delta file that holds the packed file without its weights. */
    static final String SKELETON = "detinit.skeleton";

    /** Holds a block of any dtype that has initial values. */
    private static final int BLOCK_BYTES = ChunkBits.BLOCK * Long.BYTES;

    private final SafetensorsFile file;
    private final DeltaRecord delta;
    private final Plan plan;
    private final List<TensorView> tensors;
    private final Map<String, TensorView> byName;
    private final Map<String, String> tied;
    private final Optional<Skeleton> skeleton;

    /** Receives restored elements. */
    @FunctionalInterface
    public interface BlockSink {
        /**
         * Takes a block.
         *
         * @param tensor the tensor
         * @param position the block's first byte, counted from the tensor's first element
         * @param bytes its elements, little-endian; valid during the call
         * @throws IOException if taking fails
         */
        void accept(TensorView tensor, long position, ByteBuffer bytes) throws IOException;
    }

    private DeltaFile(SafetensorsFile file, DeltaRecord delta, Plan plan) throws IOException {
        this.file = file;
        this.delta = delta;
        this.plan = plan;
        DeltaViews builder = new DeltaViews(file, plan);
        for (DeltaTensor tensor : delta.tensors()) {
            builder.add(tensor);
        }
        this.skeleton = delta.skeleton().isPresent()
                ? Optional.of(new Skeleton(
                        file.path(), builder.take(SKELETON), delta.skeleton().get()))
                : Optional.empty();
        builder.refuseRest();
        this.byName = Collections.unmodifiableMap(builder.views());
        this.tensors = List.copyOf(byName.values());
        this.tied = Collections.unmodifiableMap(builder.tied());
    }

    /**
     * Opens a delta file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if it is no delta file, or contradicts itself
     * @throws IOException if it cannot be read
     */
    public static DeltaFile open(Path path) throws IOException {
        return open(SafetensorsFile.open(path), path);
    }

    /**
     * Opens a delta file that lies anywhere.
     *
     * @param bytes its bytes
     * @param path its name, which messages call it by
     * @param resource closed with the delta file, or if it cannot be opened
     * @return the open file; close it
     * @throws MalformedFileException if it is no delta file, or contradicts itself
     * @throws IOException if it cannot be read
     */
    public static DeltaFile open(ByteSource bytes, Path path, Closeable resource) throws IOException {
        return open(SafetensorsFile.open(bytes, path, resource), path);
    }

    private static DeltaFile open(SafetensorsFile file, Path path) throws IOException {
        try {
            DeltaRecord delta = DeltaJson.read(file.metadata(), path);
            String text = file.metadata().get(PLAN_KEY);
            if (text == null) {
                throw MalformedFileException.of(path, "__metadata__", "no " + PLAN_KEY, "the plan of the weights");
            }
            return new DeltaFile(file, delta, PlanJson.read(text, path + ": metadata " + PLAN_KEY));
        } catch (InvalidPlanException e) {
            try (file) {
                throw MalformedFileException.of(
                        path, "metadata " + PLAN_KEY, String.valueOf(e.getMessage()), "a plan of the tensors");
            }
        } catch (IOException | RuntimeException e) {
            try (file) {
                throw e;
            }
        }
    }

    /** Whether whole tensors of a dtype are kept as bytes: of those that not every safetensors reader knows. */
    static boolean isKeptAsBytes(DType dtype) {
        return switch (dtype) {
            case F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL -> false;
            default -> true;
        };
    }

    /** {@return what the file says of itself} */
    public DeltaRecord delta() {
        return delta;
    }

    /**
     * What it holds, as it was reported when it was packed; without the notes.
     *
     * @param bytes the size of the file
     * @return the report
     */
    public DeltaReport report(long bytes) {
        long masks = 0;
        long values = 0;
        long whole = 0;
        for (DeltaTensor tensor : delta.tensors()) {
            if (tensor.form() == DeltaTensor.Form.MASKED) {
                masks += size(tensor.maskName());
                values += size(tensor.valuesName());
            } else if (tensor.form() == DeltaTensor.Form.WHOLE) {
                whole += tensor.info().bytes();
            }
        }
        return new DeltaReport(delta, bytes, masks, values, whole, size(SKELETON), List.of());
    }

    private long size(String name) {
        return file.find(name).map(tensor -> tensor.info().bytes()).orElse(0L);
    }

    /** {@return the plan, in the names and orders of the model's file} */
    public Plan plan() {
        return plan;
    }

    /** {@return the packed file without its weights, where the delta holds it} */
    Optional<Skeleton> skeleton() {
        return skeleton;
    }

    @Override
    public Path path() {
        return file.path();
    }

    /** {@return {@code delta}} */
    @Override
    public String format() {
        return "delta";
    }

    /** {@return the model's tensors, restored when they are read, in the order of its file} */
    @Override
    public List<TensorView> tensors() {
        return tensors;
    }

    @Override
    public Optional<TensorView> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** {@return the packed file's own metadata} */
    @Override
    public Map<String, String> metadata() {
        return delta.metadata();
    }

    /** {@return whether the packed file's format has a place for metadata} */
    @Override
    public boolean keepsMetadata() {
        return delta.keepsMetadata();
    }

    @Override
    public Map<String, String> tied() {
        return tied;
    }

    /**
     * Restores all tensors that have a mask, chunk by chunk on several threads; those that are initial values or lie whole in the
     * file are read as well, in blocks of the same size.
     *
     * @param threads how many threads, >= 1
     * @param sink receives each block once, from any thread, in no order
     * @throws IOException if reading fails, or the sink does
     */
    public void restore(int threads, BlockSink sink) throws IOException {
        for (TensorView tensor : tensors) {
            long bytes = tensor.info().bytes();
            long pieces = tensor instanceof RestoredTensor restored
                    ? restored.chunks()
                    : bytes / BLOCK_BYTES + (bytes % BLOCK_BYTES == 0 ? 0 : 1);
            InOrder.run(
                    threads,
                    pieces,
                    () -> ByteBuffer.allocateDirect(BLOCK_BYTES),
                    (buffer, number) -> {
                        if (tensor instanceof RestoredTensor restored) {
                            restored.chunk((int) number, buffer, sink);
                        } else {
                            block(tensor, number * BLOCK_BYTES, buffer, sink);
                        }
                        return number;
                    },
                    number -> {});
        }
    }

    private static void block(TensorView tensor, long from, ByteBuffer buffer, BlockSink sink) throws IOException {
        int length = (int) Math.min(BLOCK_BYTES, tensor.info().bytes() - from);
        ByteBuffer block = buffer.slice(0, length).order(ByteOrder.LITTLE_ENDIAN);
        tensor.readBytes(from, block);
        sink.accept(tensor, from, block.flip());
    }

    /**
     * Not done: a delta file is written by {@link DeltaPacker} alone.
     *
     * @throws IllegalArgumentException always
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata) {
        throw new IllegalArgumentException(
                path() + ": a delta file cannot be rewritten with other tensors; unpack it, and pack the result again");
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
