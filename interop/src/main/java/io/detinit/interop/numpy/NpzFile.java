package io.detinit.interop.numpy;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipArchive;
import io.detinit.interop.zip.ZipEntryInfo;
import io.detinit.interop.zip.ZipWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An open {@code .npz} file: a zip of {@code .npy} members, stored or deflated. Tensors are named as NumPy names them, by member
 * without {@code .npy}, and come in the order of the archive's directory, which is the order of writing.
 *
 * <p>What is read of an array: see {@link NpyFile}. Members of other names are kept and listed in the warnings. Reading is safe for
 * use by many threads; a deflated member is inflated in order, so threads take turns.
 */
public final class NpzFile implements Checkpoint {

    private static final String SUFFIX = ".npy";

    private final Path path;
    private final Closeable resource;
    private final ZipArchive archive;
    private final Map<String, NpyArray> arrays;
    private final Map<String, TensorView> tensors = new LinkedHashMap<>();
    private final List<String> warnings;

    private NpzFile(
            Path path, Closeable resource, ZipArchive archive, Map<String, NpyArray> arrays, List<String> warnings) {
        this.path = path;
        this.resource = resource;
        this.archive = archive;
        this.arrays = arrays;
        arrays.forEach((name, array) -> tensors.put(name, array.tensor(name)));
        this.warnings = List.copyOf(warnings);
    }

    /**
     * Whether an archive is one of arrays.
     *
     * @param archive any zip
     * @return whether it has a member {@code *.npy} and no {@code data.pkl}, which would make it one of PyTorch's
     */
    public static boolean looksLikeNpz(ZipArchive archive) {
        return archive.entries().stream().anyMatch(NpzFile::isArray)
                && archive.entries().stream().noneMatch(entry -> entry.name().matches("([^/]*/)?data\\.pkl"));
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file; close it
     * @throws MalformedFileException if a rule of the format is broken, or the type of an array is not supported
     * @throws IOException if the file cannot be read
     */
    public static NpzFile open(Path path) throws IOException {
        FileBytes file = FileBytes.open(path);
        try {
            return read(path, file, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Reads from bytes that are open; closing the result closes the resource. */
    static NpzFile read(Path path, ByteSource source, Closeable resource) throws IOException {
        ZipArchive archive = ZipArchive.open(source);
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        List<String> warnings = new ArrayList<>();
        for (ZipEntryInfo entry : archive.entries()) {
            if (isArray(entry)) {
                ByteSource content = NpzMember.of(archive, entry);
                arrays.put(nameOf(entry), NpyArray.read(content));
                if (content instanceof NpzMember member) {
                    member.release();
                }
            } else if (!entry.folder()) {
                warnings.add("member '" + entry.name() + "' is no .npy file and is not read");
            }
        }
        return new NpzFile(path, resource, archive, arrays, warnings);
    }

    private static boolean isArray(ZipEntryInfo entry) {
        return entry.name().endsWith(SUFFIX);
    }

    private static String nameOf(ZipEntryInfo entry) {
        return entry.name().substring(0, entry.name().length() - SUFFIX.length());
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "npz";
    }

    @Override
    public List<TensorView> tensors() {
        return List.copyOf(tensors.values());
    }

    @Override
    public Optional<TensorView> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /** {@return nothing: the format has no place for text; a plan lies beside the file, in {@code <file>.plan.json}} */
    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    /** {@return false: the plan lies beside the file} */
    @Override
    public boolean keepsMetadata() {
        return false;
    }

    @Override
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Writes a copy with some arrays replaced. The other members are copied as they lie, compressed or not; replaced ones are
     * stored uncompressed, with type and byte order kept, row-major.
     *
     * @param metadata not written: a member that is no array would make {@code numpy.load} list a key that is none
     */
    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors(), replacements);
        AtomicFile.write(target, channel -> {
            ZipWriter zip = new ZipWriter(channel);
            for (ZipEntryInfo entry : archive.entries()) {
                String name = isArray(entry) ? nameOf(entry) : "";
                NpyArray array = isArray(entry) ? arrays.get(name) : null;
                TensorView replacement = replacements.get(name);
                if (array == null || replacement == null) {
                    zip.copy(archive, entry);
                } else {
                    NpyContent content = array.with(replacement);
                    zip.store(entry.name(), content.size(), sink -> content.write(sink::write));
                }
            }
            zip.finish();
        });
    }

    @Override
    public void close() throws IOException {
        resource.close();
    }
}
