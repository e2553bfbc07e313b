package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A bitmap file whose masks are read as the U8 tensors that a {@link MaskFile} holds. A tensor takes one bit for each of its weights from
 * the time its first element is read until nobody refers to it.
 */
final class BitmapFile implements Checkpoint {

    private final Path path;
    private final Map<String, String> metadata;
    private final List<Stored> masks;
    private final Closeable file;

    BitmapFile(Path path, Map<String, String> metadata, List<Stored> masks, Closeable file) {
        this.path = path;
        this.metadata = metadata;
        this.masks = List.copyOf(masks);
        this.file = file;
    }

    /**
     * A bitmap in a file.
     *
     * @param name the parameter
     * @param shape its shape
     * @param kept how many of its weights are kept
     * @param bytes the bitmap and nothing else
     */
    record Stored(String name, TensorShape shape, long kept, ByteSource bytes) {

        Mask read(Path path) throws IOException {
            return MaskBitmap.read(path, name, bytes, shape, kept);
        }
    }

    List<Stored> masks() {
        return masks;
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "bitmaps of masks";
    }

    @Override
    public List<TensorView> tensors() {
        return masks.stream().map(mask -> (TensorView) new Unpacked(mask)).toList();
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> more) {
        throw new UnsupportedOperationException("bitmaps of masks are no model");
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** A mask that is unpacked when it is read. Not thread-safe. */
    private final class Unpacked implements TensorView {

        private final Stored stored;
        private final TensorInfo info;
        private @Nullable MaskTensor mask;

        Unpacked(Stored stored) {
            this.stored = stored;
            this.info =
                    new TensorInfo(stored.name() + MaskFile.SUFFIX, DType.U8, stored.shape(), TensorInfo.Kind.BUFFER);
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            MaskTensor unpacked = mask;
            if (unpacked == null) {
                unpacked = new MaskTensor(info.name(), stored.read(path));
                mask = unpacked;
            }
            unpacked.readBytes(position, destination);
        }
    }
}
