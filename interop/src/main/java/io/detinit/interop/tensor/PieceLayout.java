package io.detinit.interop.tensor;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.io.Serializable;

/**
 * How a box of a tensor lies in a file, in a form that may be sent to another machine that reads the same file. Implementations are
 * immutable; nobody changes the arrays.
 */
public interface PieceLayout extends Serializable {

    /** {@return the box's first element in the tensor, one number for each axis} */
    long[] begin();

    /** {@return the box's shape} */
    long[] sizes();

    /**
     * Where the elements lie.
     *
     * @param file the file
     * @param dtype the tensor's dtype
     * @return the same box by its bytes; this one where nothing has to be read for that
     * @throws io.detinit.interop.file.MalformedFileException if the file has something else there
     * @throws IOException if reading fails
     */
    StridedBox in(ByteSource file, DType dtype) throws IOException;

    /** {@return the box in the tensor whose two axes are exchanged} */
    PieceLayout transposed();
}
