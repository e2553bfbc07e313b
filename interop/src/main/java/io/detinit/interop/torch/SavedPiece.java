package io.detinit.interop.torch;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.HeldEnds;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.PieceLayout;
import io.detinit.interop.tensor.StridedBox;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import java.io.IOException;
import java.util.Arrays;

/**
 * A box of a tensor that is a whole file of {@code torch.save} inside another file. Where its elements lie is known once that file's
 * directory and pickle are read. Immutable.
 */
final class SavedPiece implements PieceLayout {

    private static final long serialVersionUID = 1L;

    /** What {@code torch.save} writes before the elements of one tensor, with room to spare. */
    private static final int HEAD = 1 << 13;

    /** The longest end of a zip archive that may hold its end record. */
    private static final int TAIL = 22 + 0xFFFF;

    private final String tensor;
    private final long from;
    private final long length;
    private final long[] begin;
    private final long[] sizes;
    private final boolean turned;

    private SavedPiece(String tensor, long from, long length, long[] begin, long[] sizes, boolean turned) {
        this.tensor = tensor;
        this.from = from;
        this.length = length;
        this.begin = begin;
        this.sizes = sizes;
        this.turned = turned;
    }

    /**
     * A piece.
     *
     * @param tensor the tensor's name
     * @param place where it lies
     * @param box the elements that it has
     */
    static SavedPiece of(String tensor, DistributedMetadata.Place place, Box box) {
        return new SavedPiece(tensor, place.offset(), place.length(), array(box.offsets()), array(box.sizes()), false);
    }

    private static long[] array(Iterable<Long> numbers) {
        java.util.stream.LongStream.Builder all = java.util.stream.LongStream.builder();
        numbers.forEach(all::add);
        return all.build().toArray();
    }

    @Override
    public long[] begin() {
        return turned ? StridedBox.turned(begin) : begin;
    }

    @Override
    public long[] sizes() {
        return turned ? StridedBox.turned(sizes) : sizes;
    }

    @Override
    public SavedPiece transposed() {
        return new SavedPiece(tensor, from, length, begin, sizes, !turned);
    }

    @Override
    public StridedBox in(ByteSource file, DType dtype) throws IOException {
        if (length > file.size() - from) {
            throw MalformedFileException.of(
                    file.name(), where(), length + " bytes from byte " + from + " on", "bytes inside the file");
        }
        ByteSource part = file.part(file.name(), from, length);
        StridedBox inside = read(file.name(), "byte " + from, held(part), dtype).box();
        StridedBox box = inside.at(begin);
        return turned ? box.transposed() : box;
    }

    /** The inner file with its description in memory. */
    static ByteSource held(ByteSource inner) throws IOException {
        return HeldEnds.of(inner, HEAD, TAIL);
    }

    private String where() {
        return "tensor '" + tensor + "', chunk at " + Arrays.toString(begin);
    }

    /**
     * Reads the directory and the pickle.
     *
     * @param name for messages
     * @param record what keys of storages begin with
     * @param bytes the inner file
     * @param dtype the tensor's dtype
     * @return the one tensor in it
     * @throws MalformedFileException if there is another thing
     */
    StorageTensor read(String name, String record, ByteSource bytes, DType dtype) throws IOException {
        PickleFile pickle = NestedZip.read(name, record, bytes);
        if (pickle.tensors().size() != 1) {
            throw MalformedFileException.of(name, where(), pickle.tensors().size() + " tensors", "one");
        }
        StorageTensor found = pickle.tensors().get(0);
        TensorInfo info = found.info();
        TensorShape shape = TensorShape.of(sizes);
        if (info.dtype() != dtype || !info.shape().equals(shape)) {
            throw MalformedFileException.of(name, where(), info.dtype() + " " + info.shape(), dtype + " " + shape);
        }
        return new StorageTensor(
                new TensorInfo(tensor + " " + Arrays.toString(begin), dtype, shape, Kind.OTHER), found.storageView());
    }
}
