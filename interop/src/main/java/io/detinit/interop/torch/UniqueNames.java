package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Refuses two tensors of one name, which only files made by hand have.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class UniqueNames {

    private UniqueNames() {}

    static void check(String file, List<TensorView> tensors) throws MalformedFileException {
        Set<String> names = new HashSet<>();
        for (TensorView tensor : tensors) {
            if (!names.add(tensor.info().name())) {
                throw MalformedFileException.of(
                        file, "tensor '" + tensor.info().name() + "'", "a second one of that name", "unique names");
            }
        }
    }
}
