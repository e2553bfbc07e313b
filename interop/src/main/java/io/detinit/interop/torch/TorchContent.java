package io.detinit.interop.torch;

import io.detinit.interop.tensor.TensorView;
import java.util.List;
import java.util.Map;

/**
 * What was found in a file.
 *
 * @param format the kind of file
 * @param tensors in file order
 * @param metadata this project's own records, by key
 * @param warnings one line for each thing that a reader should know
 */
record TorchContent(
        TorchFormat format, List<TensorView> tensors, Map<String, String> metadata, List<String> warnings) {}
