package io.detinit.interop.tensor;

import io.detinit.interop.file.ByteSource;

/**
 * A piece of a tensor: a file and how a box of the elements lies in it.
 *
 * @param file the whole file, or memory, that the elements are in
 * @param layout the box
 */
public record StoredPiece(ByteSource file, PieceLayout layout) {

    /** The piece of the tensor whose two axes are exchanged. */
    StoredPiece transposed() {
        return new StoredPiece(file, layout.transposed());
    }
}
