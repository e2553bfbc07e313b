package io.detinit.interop.delta;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Packs a trained checkpoint as the difference from its initial weights.
 *
 * <p>A tensor with initial values becomes a mask and the values that the mask keeps; the rest is regenerated. Weights that are not
 * pruned (biases, norm scales, buffers, integers) come back bit for bit in any case: they are held as a difference too where that is
 * smaller, else whole. Tied tensors are held once. A checkpoint that is not safetensors is held as well, with zeros in place of its
 * weights (the skeleton).
 *
 * <p>Memory is the masks and a few chunks a thread. Immutable; safe for use by many threads.
 */
public final class DeltaPacker {

    /** What one more tensor takes in the header, about. */
    private static final int ENTRY_BYTES = 100;

    private static final String SAFETENSORS = "safetensors";

    private final DeltaOptions options;

    /**
     * Makes a packer.
     *
     * @param options how to pack
     */
    public DeltaPacker(DeltaOptions options) {
        this.options = options;
    }

    /**
     * Packs so that every weight whose bits differ from its initial value is kept: threshold 0. With values as the file has them
     * every element comes back bit for bit, negative zeros and NaN payloads included.
     *
     * @param checkpoint the trained model
     * @param plan its initial values, in the checkpoint's names and orders
     * @param target the file to appear, whole or not at all
     * @param progress receives the part of the reading that is done, in [0, 1], never from two threads at once
     * @return what was packed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the plan does not fit the checkpoint
     */
    public DeltaReport pack(Checkpoint checkpoint, Plan plan, Path target, DoubleConsumer progress) throws IOException {
        return pack(checkpoint, plan, Optional.empty(), target, progress);
    }

    /**
     * Packs by masks: what a mask does not keep comes back as its initial value, rounded to the tensor's dtype.
     *
     * @param checkpoint the trained model
     * @param plan its initial values, in the checkpoint's names and orders
     * @param masks 1 = keep, by the names of the parameters, in the order in which the checkpoint keeps them
     * @param target the file to appear, whole or not at all
     * @param progress receives the part of the reading that is done, in [0, 1], never from two threads at once
     * @return what was packed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the plan or a mask does not fit the checkpoint
     */
    public DeltaReport pack(
            Checkpoint checkpoint, Plan plan, Map<String, Mask> masks, Path target, DoubleConsumer progress)
            throws IOException {
        return pack(checkpoint, plan, Optional.of(masks), target, progress);
    }

    /**
     * Packs to where there are no files to be written at any place: the same bytes, from front to back.
     *
     * @param checkpoint the trained model, a single file
     * @param plan its initial values, in the checkpoint's names and orders
     * @param masks 1 = keep, as above; empty to keep every weight whose bits differ from its initial value
     * @param temporary a folder of this machine. A checkpoint that is not safetensors is written there with zeros in place of its
     *     weights, as many bytes as it has, and its chunks beside it; both are gone when this returns
     * @param out receives the bytes; not closed
     * @return what was packed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the plan or a mask does not fit the checkpoint
     */
    public DeltaReport pack(
            Checkpoint checkpoint, Plan plan, Optional<Map<String, Mask>> masks, Path temporary, OutputStream out)
            throws IOException {
        Work work = new Work(checkpoint, plan, masks, done -> {});
        work.addAll();
        return withSkeleton(work, temporary, skeleton -> {
            CountedOutput counted = new CountedOutput(out);
            DeltaRecord delta = work.record(skeleton);
            SafetensorsWriter.write(counted, work.stored(skeleton), work.metadata(delta));
            return work.report(delta, counted.count(), skeleton);
        });
    }

    private DeltaReport pack(
            Checkpoint checkpoint, Plan plan, Optional<Map<String, Mask>> masks, Path target, DoubleConsumer progress)
            throws IOException {
        Work work = new Work(checkpoint, plan, masks, progress);
        work.addAll();
        return withSkeleton(work, target.toAbsolutePath().getParent(), skeleton -> {
            DeltaRecord delta = work.record(skeleton);
            SafetensorsWriter.write(target, work.stored(skeleton), work.metadata(delta));
            return work.report(delta, Files.size(target), skeleton);
        });
    }

    /** Writes a delta. */
    @FunctionalInterface
    private interface Writing {
        DeltaReport write(Skeleton.@Nullable Packed skeleton) throws IOException;
    }

    /** Writes with the skeleton, which is made in a folder in {@code parent}, where the format needs one and it can be made. */
    private DeltaReport withSkeleton(Work work, @Nullable Path parent, Writing writing) throws IOException {
        Checkpoint checkpoint = work.checkpoint;
        if (checkpoint.format().equals(SAFETENSORS)) {
            return writing.write(null);
        }
        if (parent == null || !Files.isDirectory(parent)) {
            throw new java.nio.file.NoSuchFileException(String.valueOf(parent), null, "the folder does not exist");
        }
        Path folder = Files.createTempDirectory(parent, ".detinit-delta");
        try {
            Optional<Skeleton.Packed> skeleton = Skeleton.of(checkpoint, folder, work::isPacked, options.threads());
            if (skeleton.isEmpty()) {
                work.notes.add(
                        "the delta holds no container of the format " + checkpoint.format()
                                + " (it has more than one file, or a part that cannot be replaced): give 'delta unpack' a --template");
                return writing.write(null);
            }
            try (Skeleton.Packed packed = skeleton.get()) {
                return writing.write(packed);
            }
        } finally {
            deleteTree(folder);
        }
    }

    static void deleteTree(Path root) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(root)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }

    /** One checkpoint on its way. */
    private final class Work {

        private final Checkpoint checkpoint;
        private final Plan plan;
        private final Map<String, Plan.Entry> entries = new HashMap<>();
        private final Optional<Map<String, Mask>> masks;
        private final DoubleConsumer progress;
        private final Map<String, DeltaTensor> records = new LinkedHashMap<>();
        private final List<TensorView> stored = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();
        private final double total;
        private long done;
        private long maskBytes;
        private long valueBytes;
        private long wholeBytes;
        private boolean exact;

        Work(Checkpoint checkpoint, Plan plan, Optional<Map<String, Mask>> masks, DoubleConsumer progress) {
            this.checkpoint = checkpoint;
            this.plan = plan;
            this.masks = masks;
            this.progress = progress;
            this.exact = masks.isEmpty();
            plan.entries().forEach(entry -> entries.put(entry.name(), entry));
            this.total = checkpoint.tensors().stream()
                    .filter(tensor -> entries.containsKey(tensor.info().name()))
                    .mapToDouble(tensor -> tensor.info().shape().elements())
                    .sum();
            masks.ifPresent(this::checkMasks);
            for (Plan.Entry entry : plan.entries()) {
                if (checkpoint.find(entry.name()).isEmpty()) {
                    throw new IllegalArgumentException("the plan names the tensor '" + entry.name()
                            + "', which the file does not have; the plan belongs to another model");
                }
            }
        }

        private void checkMasks(Map<String, Mask> given) {
            given.forEach((name, mask) -> {
                Optional<TensorView> tensor = checkpoint.find(name);
                if (tensor.isEmpty() || !entries.containsKey(name)) {
                    throw new IllegalArgumentException("tensor '" + name + "' has a mask, but "
                            + (tensor.isEmpty() ? "the file does not have it" : "no initial values to go back to"));
                }
                if (!tensor.get().info().shape().equals(mask.shape())) {
                    throw new IllegalArgumentException("tensor '" + name + "' has the shape "
                            + tensor.get().info().shape() + ", its mask " + mask.shape());
                }
            });
        }

        void addAll() throws IOException {
            for (TensorView tensor : checkpoint.tensors()) {
                add(tensor);
            }
        }

        private void add(TensorView tensor) throws IOException {
            TensorInfo info = tensor.info();
            String first = checkpoint.tied().get(info.name());
            Plan.Entry entry = entries.get(info.name());
            if (first != null && isSame(info, first)) {
                records.put(info.name(), DeltaTensor.tied(info, first));
            } else if (entry == null || info.bytes() == 0) {
                whole(tensor);
            } else {
                masked(tensor, initial(info, entry));
            }
        }

        private boolean isSame(TensorInfo info, String first) {
            DeltaTensor known = records.get(first);
            return known != null
                    && known.info().dtype() == info.dtype()
                    && known.info().shape().equals(info.shape());
        }

        private StoredInitial initial(TensorInfo info, Plan.Entry entry) {
            TensorShape expected = entry.stored().stored(entry.shape());
            if (!info.dtype().isFloating() || !info.shape().equals(expected)) {
                throw new IllegalArgumentException("tensor '" + info.name() + "' is " + info.dtype() + " "
                        + info.shape() + ", the plan says floats of shape " + expected
                        + "; the plan belongs to another model");
            }
            return new StoredInitial(entry.values(), entry.stored(), info.dtype());
        }

        private void whole(TensorView tensor) {
            DeltaTensor record = DeltaTensor.whole(tensor.info());
            records.put(tensor.info().name(), record);
            stored.add(new Stored(record.wholeName(), tensor));
            wholeBytes += tensor.info().bytes();
        }

        private void masked(TensorView tensor, StoredInitial initial) throws IOException {
            TensorInfo info = tensor.info();
            @Nullable Mask mask = masks.map(all -> all.get(info.name())).orElse(null);
            boolean pruned = mask != null
                    || (masks.isEmpty()
                            && info.kind() == TensorInfo.Kind.PARAMETER
                            && info.shape().rank() >= 2);
            DType values = pruned ? options.values().of(info.dtype()) : info.dtype();
            MaskedTensor masked = MaskedTensor.of(tensor, initial, mask, values, options.threads(), this::report);
            if (masked.overflows()) {
                notes.add("tensor '" + info.name() + "' has values beyond the range of " + values
                        + ": they are kept as " + info.dtype());
                values = info.dtype();
            }
            exact &= values == info.dtype();
            long kept = masked.kept();
            if (kept == 0) {
                records.put(info.name(), DeltaTensor.initial(info));
            } else if (!pruned && masked.maskBytes() + kept * values.bytes() + ENTRY_BYTES >= info.bytes()) {
                whole(tensor);
            } else {
                DeltaTensor record = DeltaTensor.masked(info, kept, values);
                records.put(info.name(), record);
                stored.add(masked.values(record.valuesName(), values));
                stored.add(masked.mask(record.maskName()));
                maskBytes += masked.maskBytes();
                valueBytes += kept * values.bytes();
            }
        }

        private void report(long elements) {
            done += elements;
            progress.accept(Math.min(1, done / Math.max(1, total)));
        }

        /** Whether the delta holds less than all elements of a tensor. */
        boolean isPacked(String name) {
            DeltaTensor record = records.get(name);
            return record != null && record.form() != DeltaTensor.Form.WHOLE;
        }

        /** The tensors of the delta file. */
        List<TensorView> stored(Skeleton.@Nullable Packed skeleton) {
            if (skeleton == null) {
                return stored;
            }
            List<TensorView> all = new ArrayList<>(stored);
            all.add(skeleton.chunks());
            return all;
        }

        private DeltaRecord record(Skeleton.@Nullable Packed skeleton) {
            Path file = checkpoint.path().getFileName();
            return new DeltaRecord(
                    file == null ? "" : file.toString(),
                    checkpoint.format(),
                    checkpoint.keepsMetadata(),
                    options.tool(),
                    exact,
                    options.values(),
                    options.selection(),
                    Optional.ofNullable(skeleton).map(Skeleton.Packed::info),
                    List.copyOf(records.values()),
                    checkpoint.metadata());
        }

        private Map<String, String> metadata(DeltaRecord delta) throws IOException {
            return DeltaJson.write(delta, PlanJson.write(plan));
        }

        private DeltaReport report(DeltaRecord delta, long bytes, Skeleton.@Nullable Packed skeleton) {
            long skeletonBytes = skeleton == null ? 0 : skeleton.chunks().info().bytes();
            return new DeltaReport(delta, bytes, maskBytes, valueBytes, wholeBytes, skeletonBytes, notes);
        }
    }

    /** A whole tensor of the model as a tensor of the delta file. */
    private record Stored(TensorInfo info, TensorView source) implements TensorView {

        Stored(String name, TensorView source) {
            this(infoOf(name, source.info()), source);
        }

        private static TensorInfo infoOf(String name, TensorInfo own) {
            return DeltaFile.isKeptAsBytes(own.dtype())
                    ? new TensorInfo(name, DType.U8, TensorShape.of(own.bytes()), own.kind())
                    : new TensorInfo(name, own.dtype(), own.shape(), own.kind());
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            source.readBytes(position, destination);
        }
    }
}
