package io.detinit.spark;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.PieceLayout;
import io.detinit.interop.tensor.StoredPiece;
import io.detinit.interop.tensor.StridedTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor in files, as executors see it: which files its elements lie in, and where. Nothing of how the files describe themselves has
 * to be read again.
 *
 * @param name its name in the checkpoint
 * @param dtype its dtype
 * @param dims its shape
 * @param kind what it is in the model
 * @param pieces its pieces; together they hold every element once
 */
record StoredSpec(String name, DType dtype, List<Long> dims, TensorInfo.Kind kind, List<Piece> pieces)
        implements Serializable {

    /**
     * A piece of a tensor.
     *
     * @param file the file, as {@link HadoopBytes#name} calls it
     * @param layout where in it
     */
    record Piece(String file, PieceLayout layout) implements Serializable {}

    /**
     * Describes a tensor.
     *
     * @param tensor a tensor of a checkpoint that {@link RemoteCheckpoints} has opened
     * @throws MalformedFileException if its elements are compressed in their file
     */
    static StoredSpec of(TensorView tensor) throws IOException {
        TensorInfo info = tensor.info();
        List<Piece> pieces = new ArrayList<>();
        for (StoredPiece piece : tensor.pieces()) {
            if (!(piece.file() instanceof HadoopBytes file)) {
                throw MalformedFileException.unsupported(
                        piece.file().name(),
                        "tensor '" + info.name() + "'",
                        "compressed elements, of which no part can be read alone",
                        "save the file again with torch.save, which compresses nothing");
            }
            pieces.add(new Piece(file.name(), piece.layout()));
        }
        List<Long> dims = Arrays.stream(info.shape().dims()).boxed().toList();
        return new StoredSpec(info.name(), info.dtype(), dims, info.kind(), List.copyOf(pieces));
    }

    /** What it is. */
    TensorInfo info() {
        long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
        return new TensorInfo(name, dtype, TensorShape.of(shape), kind);
    }

    /** The matrix with its axes exchanged. */
    StoredSpec transposed() {
        List<Piece> turned = pieces.stream()
                .map(piece -> new Piece(piece.file(), piece.layout().transposed()))
                .toList();
        return new StoredSpec(name, dtype, List.of(dims.get(1), dims.get(0)), kind, turned);
    }

    /**
     * The tensor on the machine that will read a range of it from front to back.
     *
     * @param files opens its files when they are needed
     * @param end the element before which reading stops
     */
    TensorView open(OpenFiles files, long end) {
        List<StoredPiece> stored = pieces.stream()
                .map(piece -> new StoredPiece(files.file(piece.file()), piece.layout()))
                .toList();
        return new StridedTensor(info(), stored, end);
    }
}
