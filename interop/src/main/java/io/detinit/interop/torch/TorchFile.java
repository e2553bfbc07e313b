package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.FileBytes;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An open PyTorch file of one of the kinds that {@link TorchFormat} names. Tensors come in the order of the pickle (of the code's
 * attributes in TorchScript) and are read when asked for; opening reads the pickles alone.
 *
 * <p>Safe for use by many threads until closed.
 */
public final class TorchFile implements Checkpoint {

    private final FileBytes file;
    private final TorchContent content;

    private TorchFile(FileBytes file, TorchContent content) {
        this.file = file;
        this.content = content;
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
        try {
            return new TorchFile(file, read(file));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static TorchContent read(ByteSource source) throws IOException {
        ByteBuffer head = ByteBuffer.allocate((int) Math.min(512, source.size()));
        source.read(0, head);
        return LegacyFile.matches(head.flip()) ? LegacyFile.read(source) : ZipContent.read(TorchZip.open(source));
    }

    @Override
    public Path path() {
        return file.path();
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
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        throw MalformedFileException.unsupported(path(), "file", "writing " + format(), "x");
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
