package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** A folder whose files are opened by name, wherever it lies. Closing it closes them. */
public interface PieceFolder extends Closeable {

    /** {@return what messages call it} */
    String name();

    /**
     * Opens a file.
     *
     * @param file a plain file name, never a path
     * @return its bytes, valid until the folder is closed
     * @throws NoSuchFileException if no file of that name is in the folder itself
     * @throws IOException if it cannot be opened
     */
    ByteSource open(String file) throws IOException;
}
