package io.detinit.interop.checkpoint;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.torch.TorchFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;

/** Kinds of files by their first bytes, as far as no library is needed to read them. */
public enum FileKind {
    /** A safetensors file. */
    SAFETENSORS,
    /** A zip archive, which may be one of NumPy as well, or a legacy file of {@code torch.save}. */
    TORCH,
    /** The index of a sharded set. */
    INDEX,
    /** Anything else. */
    OTHER;

    /** How many first bytes are looked at. */
    public static final int PROBE = 512;

    /**
     * Tells the kind of a file.
     *
     * @param path the file, of which the name alone is looked at
     * @param head its first bytes, {@link #PROBE} or all there are
     * @return the kind
     */
    public static FileKind of(Path path, byte[] head) {
        if (looksLikeSafetensors(head)) {
            return SAFETENSORS;
        }
        if (TorchFile.matches(head)) {
            return TORCH;
        }
        return ShardedCheckpoint.looksLikeIndex(path, head) ? INDEX : OTHER;
    }

    private static boolean looksLikeSafetensors(byte[] head) {
        if (head.length < 9) {
            return false;
        }
        long length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 0 && length <= 100_000_000 && (head[8] == '{' || Character.isWhitespace(head[8]));
    }

    /**
     * The refusal of a file that people mistake for a checkpoint.
     *
     * @param name what messages call it
     * @param head its first bytes, {@link #PROBE} or all there are
     * @return what it is and what to do; empty where it is not recognised
     */
    public static Optional<MalformedFileException> refusal(String name, byte[] head) {
        return ForeignFormat.refusal(name, head);
    }
}
