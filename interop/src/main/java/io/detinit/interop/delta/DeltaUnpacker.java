package io.detinit.interop.delta;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Writes the checkpoint that a delta file stands for.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class DeltaUnpacker {

    private static final Set<String> TORCH_ENDINGS = Set.of("pt", "pth", "bin", "ckpt", "th");

    private DeltaUnpacker() {}

    /** What a checkpoint is written into. */
    public enum Container {
        /** The file that was packed, of which the delta holds everything but the weights. */
        SKELETON,
        /** A new safetensors file. */
        SAFETENSORS,
        /** A new zip file as {@code torch.save} writes it for a state dict. */
        STATE_DICT,
        /** Another checkpoint with the same tensors. */
        TEMPLATE
    }

    /**
     * What was written.
     *
     * @param format the format of the file
     * @param container what it was written into
     * @param keepsMetadata whether the format has a place for the plan
     */
    public record Unpacked(String format, Container container, boolean keepsMetadata) implements Serializable {

        /**
         * What unpacking a delta gives.
         *
         * @param delta the open delta file
         * @param container not TEMPLATE
         * @return what is written
         * @throws IllegalArgumentException if the container is TEMPLATE
         */
        public static Unpacked of(DeltaFile delta, Container container) {
            return switch (container) {
                case SAFETENSORS -> new Unpacked("safetensors", container, true);
                case STATE_DICT -> new Unpacked("pytorch", container, true);
                case SKELETON -> new Unpacked(delta.delta().format(), container, delta.keepsMetadata());
                case TEMPLATE -> throw new IllegalArgumentException("the template is not given");
            };
        }
    }

    /** Opens the file that was packed, without its weights. */
    @FunctionalInterface
    public interface Opener {
        /**
         * Opens a file.
         *
         * @param path a temporary file, which has the content but not the name of the packed one
         * @return the open checkpoint
         * @throws IOException if it is malformed or cannot be read
         */
        Checkpoint open(Path path) throws IOException;
    }

    /**
     * Chooses by the ending of a file name: {@code .safetensors} is always possible; the ending of the packed file gives that
     * file's format where the delta holds the container; {@code .pt}, {@code .pth}, {@code .bin}, {@code .ckpt} and {@code .th}
     * are otherwise a new state dict.
     *
     * @param delta the open delta file
     * @param target the file to be written
     * @return the container
     * @throws IllegalArgumentException if the format of that ending cannot be written; the message says what can
     */
    public static Container containerFor(DeltaFile delta, Path target) {
        String ending = ending(String.valueOf(target.getFileName()));
        if (ending.equals("safetensors")) {
            return Container.SAFETENSORS;
        }
        boolean torch = TORCH_ENDINGS.contains(ending);
        boolean torchSource = delta.delta().format().contains("torch")
                || delta.delta().format().equals("pt2");
        boolean same = ending.equals(ending(delta.delta().file())) || (torch && torchSource);
        if (same && delta.skeleton().isPresent()) {
            return Container.SKELETON;
        }
        if (torch) {
            return Container.STATE_DICT;
        }
        throw new IllegalArgumentException(target + ": " + delta.path() + " was packed from a file of the format "
                + delta.delta().format() + (same ? " and holds no container of it" : "")
                + "; name the output .safetensors or .pt"
                + (same || delta.skeleton().isEmpty()
                        ? ""
                        : ", or like " + delta.delta().file())
                + ", or give a template of the format wanted (--template)");
    }

    /**
     * Unpacks into a format that the delta can give by itself.
     *
     * @param delta the open delta file
     * @param container not TEMPLATE
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @return what was written
     * @throws MalformedFileException if the delta file is malformed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the container has no place for a tensor, or is TEMPLATE
     */
    public static Unpacked unpack(DeltaFile delta, Container container, Path target) throws IOException {
        return unpack(delta, container, target, Checkpoints::open);
    }

    /**
     * Unpacks into a format that the delta can give by itself, where not every format can be read.
     *
     * @param delta the open delta file
     * @param container not TEMPLATE
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param opener opens the container that the delta holds
     * @return what was written
     * @throws MalformedFileException if the delta file is malformed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the container has no place for a tensor, or is TEMPLATE
     */
    public static Unpacked unpack(DeltaFile delta, Container container, Path target, Opener opener) throws IOException {
        checkSpace(delta, target);
        Unpacked unpacked = Unpacked.of(delta, container);
        switch (container) {
            case STATE_DICT -> TorchStateDictWriter.write(target, delta.tensors(), delta.tied(), planOf(delta));
            case SKELETON -> skeleton(delta, target, opener);
            default -> SafetensorsWriter.write(target, delta.tensors(), metadata(delta));
        }
        return unpacked;
    }

    /**
     * Unpacks into another checkpoint: a copy of it with the tensors of the delta.
     *
     * @param delta the open delta file
     * @param template an open checkpoint with the same tensors, of any format that is written
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @return what was written
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the template does not have a tensor, or has it in another dtype or shape
     */
    public static Unpacked unpack(DeltaFile delta, Checkpoint template, Path target) throws IOException {
        checkSpace(delta, target);
        rewrite(delta, template, target, planOf(delta));
        return new Unpacked(template.format(), Container.TEMPLATE, template.keepsMetadata());
    }

    /**
     * Unpacks into a new safetensors file, to where there are no files to be written at any place: the same bytes, from front to back.
     *
     * @param delta the open delta file
     * @param out receives the bytes; not closed
     * @throws MalformedFileException if the delta file is malformed
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if the format has no such dtype as a tensor
     */
    public static void unpack(DeltaFile delta, OutputStream out) throws IOException {
        SafetensorsWriter.write(out, delta.tensors(), metadata(delta));
    }

    /** A delta of a kilobyte may stand for any number of weights: better refused than a full disk. */
    private static void checkSpace(DeltaFile delta, Path target) throws IOException {
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new NoSuchFileException(String.valueOf(parent), null, "the folder does not exist");
        }
        double bytes = 0;
        for (DeltaTensor tensor : delta.delta().tensors()) {
            bytes += tensor.form() == DeltaTensor.Form.TIED ? 0 : tensor.info().bytes();
        }
        long usable = Files.getFileStore(parent).getUsableSpace();
        if (bytes > usable) {
            throw new IOException(
                    target + ": the tensors have " + (long) bytes + " bytes, the disk has " + usable + " left");
        }
    }

    private static Map<String, String> metadata(DeltaFile delta) {
        Map<String, String> metadata = new LinkedHashMap<>(delta.metadata());
        if (!delta.delta().format().equals("safetensors")) {
            planOf(delta).forEach(metadata::putIfAbsent);
        }
        return metadata;
    }

    private static Map<String, String> planOf(DeltaFile delta) {
        return Map.of(Checkpoint.PLAN_KEY, PlanJson.write(delta.plan()));
    }

    private static void skeleton(DeltaFile delta, Path target, Opener opener) throws IOException {
        Skeleton skeleton =
                delta.skeleton().orElseThrow(() -> new IllegalArgumentException(delta.path() + " holds no container"));
        Path parent = target.toAbsolutePath().getParent();
        Path folder = Files.createTempDirectory(parent, ".detinit-delta");
        try {
            Path container = folder.resolve(Skeleton.containerName(delta.delta().format()));
            skeleton.write(container);
            try (Checkpoint opened = open(skeleton, container, opener)) {
                check(delta, opened);
                rewrite(delta, opened, target, Map.of());
            }
        } finally {
            DeltaPacker.deleteTree(folder);
        }
    }

    private static Checkpoint open(Skeleton skeleton, Path container, Opener opener) throws IOException {
        try {
            return opener.open(container);
        } catch (MalformedFileException | NoSuchFileException e) {
            throw skeleton.malformed(e);
        }
    }

    /** The skeleton must be that of the tensors that the record names, or nothing can be put into it. */
    private static void check(DeltaFile delta, Checkpoint container) throws MalformedFileException {
        for (TensorView tensor : delta.tensors()) {
            TensorInfo info = tensor.info();
            TensorInfo own = container.find(info.name()).map(TensorView::info).orElse(null);
            if (own == null || own.dtype() != info.dtype() || !own.shape().equals(info.shape())) {
                throw MalformedFileException.of(
                        delta.path(),
                        "tensor '" + DeltaFile.SKELETON + "': '" + info.name() + "'",
                        own == null ? "no such tensor" : own.dtype() + " " + own.shape(),
                        info.dtype() + " " + info.shape());
            }
        }
    }

    private static void rewrite(DeltaFile delta, Checkpoint container, Path target, Map<String, String> metadata)
            throws IOException {
        Map<String, TensorView> replacements = new LinkedHashMap<>();
        for (TensorView tensor : delta.tensors()) {
            String name = tensor.info().name();
            if (tensor.info().bytes() > 0 && !container.tied().containsKey(name)) {
                replacements.put(name, tensor);
            }
        }
        container.rewrite(target, replacements, container.keepsMetadata() ? metadata : Map.of());
    }

    private static String ending(String name) {
        return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    }
}
