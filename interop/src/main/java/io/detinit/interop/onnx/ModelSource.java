package io.detinit.interop.onnx;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.List;

/**
 * An open model while its layout is read: the file, its data files, what a reader should know. Not safe for use by several
 * threads.
 */
final class ModelSource {

    private final ByteSource file;
    private final FileWindow window;
    private final ExternalFiles externals;
    private final Warnings warnings = new Warnings();
    private final List<String> unreadExternals = new ArrayList<>();

    ModelSource(ByteSource file, ExternalFiles externals) {
        this.file = file;
        this.window = new FileWindow(file);
        this.externals = externals;
    }

    FileWindow window() {
        return window;
    }

    ExternalFiles externals() {
        return externals;
    }

    Warnings warnings() {
        return warnings;
    }

    /** Notes that a tensor which is kept but not read has its elements in another file. */
    void unreadExternal(String label) {
        if (unreadExternals.isEmpty()) {
            unreadExternals.add(label);
        }
    }

    /** The first tensor in another file that is not read, if there is one. */
    List<String> unreadExternals() {
        return List.copyOf(unreadExternals);
    }

    /** A view of a dense tensor. */
    TensorView view(TensorInfo info, Storage.Dense dense) {
        return DenseTensor.view(file, info, dense);
    }
}
