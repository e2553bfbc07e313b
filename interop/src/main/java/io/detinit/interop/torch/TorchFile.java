package io.detinit.interop.torch;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open PyTorch file of one of the kinds that {@link TorchFormat} names. Tensors come in the order of the pickle (of the code's
 * attributes in TorchScript) and are read when asked for; opening reads the pickles alone.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class TorchFile implements Checkpoint {

    private final ByteSource file;
    private final Path path;
    private final Closeable resource;
    private final TorchContent content;
    private final Body body;
    private final Map<String, String> tied;

    private TorchFile(ByteSource file, Path path, Closeable resource, TorchContent content, Body body) {
        this.file = file;
        this.path = path;
        this.resource = resource;
        this.content = content;
        this.body = body;
        this.tied = ties(content.tensors());
    }

    /** Writes a copy of the file. */
    @FunctionalInterface
    private interface Body {
        void write(StorageOverlays overlays, Map<String, String> metadata, FileChannel channel) throws IOException;
    }

    /**
     * Whether a file begins like one that {@link #open} reads or names.
     *
     * @param head its first bytes, 512 or all there are
     * @return whether it is a zip archive or a legacy file of {@code torch.save}
     */
    public static boolean matches(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        return text.startsWith("PK\3\4") || LegacyFile.matches(ByteBuffer.wrap(head));
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if it breaks the rules of its format, or is an archive of another kind
     * @throws IOException if it cannot be read
     */
    public static TorchFile open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        return open(file, path, file);
    }

    /**
     * Opens bytes from anywhere, such as a store of objects.
     *
     * @param file the bytes; its name is what messages call the file
     * @param path what {@link #path} gives
     * @param resource closed with the file, also when opening fails
     * @return the open file; close it
     * @throws MalformedFileException if it breaks the rules of its format, or is an archive of another kind
     * @throws IOException if the bytes cannot be read
     */
    public static TorchFile open(ByteSource file, Path path, Closeable resource) throws IOException {
        try {
            ByteBuffer head = ByteBuffer.allocate((int) Math.min(512, file.size()));
            file.read(0, head);
            return LegacyFile.matches(head.flip()) ? legacy(file, path, resource) : zip(file, path, resource);
        } catch (IOException | RuntimeException e) {
            resource.close();
            throw e;
        }
    }

    private static TorchFile legacy(ByteSource file, Path path, Closeable resource) throws IOException {
        LegacyFile.Legacy legacy = LegacyFile.open(file);
        return new TorchFile(
                file,
                path,
                resource,
                legacy.content(),
                (overlays, metadata, channel) -> TorchRewriter.legacy(file, legacy.storages(), overlays, channel));
    }

    private static TorchFile zip(ByteSource file, Path path, Closeable resource) throws IOException {
        TorchZip zip = TorchZip.open(file);
        TorchContent content = ZipContent.read(zip);
        String prefix = content.format().metadataPrefix();
        return new TorchFile(
                file,
                path,
                resource,
                content,
                (overlays, metadata, channel) -> TorchRewriter.zip(zip, overlays, metadata, prefix, channel));
    }

    private static Map<String, String> ties(List<TensorView> tensors) {
        Map<String, String> firsts = new HashMap<>();
        Map<String, String> ties = new LinkedHashMap<>();
        for (TensorView tensor : tensors) {
            if (tensor instanceof StorageTensor stored && tensor.info().bytes() > 0) {
                String name = tensor.info().name();
                String first = firsts.putIfAbsent(stored.storageView().identity(), name);
                if (first != null) {
                    ties.put(name, first);
                }
            }
        }
        return Collections.unmodifiableMap(ties);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return content.format().id();
    }

    @Override
    public List<TensorView> tensors() {
        return content.tensors();
    }

    @Override
    public Map<String, String> metadata() {
        return content.metadata();
    }

    @Override
    public List<String> warnings() {
        return content.warnings();
    }

    @Override
    public Map<String, String> tied() {
        return tied;
    }

    @Override
    public boolean keepsMetadata() {
        return !content.format().metadataPrefix().isEmpty();
    }

    /**
     * Writes a copy of the file. Storages are changed where a replaced tensor lies; all other records, and in a legacy file all
     * other bytes, are copied as they are. Tied tensors stay tied.
     *
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param replacements by name; each has the dtype and shape of the tensor it replaces
     * @param metadata entries {@code detinit.NAME}, kept as records of the archive; dropped where {@link #keepsMetadata} says no
     * @throws MalformedFileException if replaced tensors share memory in another way than being tied
     * @throws IOException if reading or writing fails
     * @throws IllegalArgumentException if a replacement does not fit
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(content.tensors(), replacements);
        StorageOverlays overlays = new StorageOverlays(file.name(), content.tensors(), replacements);
        AtomicFile.write(target, channel -> body.write(overlays, metadata, channel));
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
