package io.detinit.interop.tensor;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks the replacements given to {@link Checkpoint#rewrite}.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Replacements {

    private Replacements() {}

    /**
     * Checks that every replacement names a tensor of the file and has its dtype and shape.
     *
     * @param tensors the file's tensors
     * @param replacements by name
     * @throws IllegalArgumentException if one does not fit; the message names it, what was found and expected
     */
    public static void check(List<TensorView> tensors, Map<String, ? extends TensorView> replacements) {
        Map<String, TensorInfo> infos = new HashMap<>();
        tensors.forEach(tensor -> infos.put(tensor.info().name(), tensor.info()));
        replacements.forEach((name, replacement) -> {
            TensorInfo old = infos.get(name);
            if (old == null) {
                throw new IllegalArgumentException("the file has no tensor '" + name + "' to replace");
            }
            TensorInfo now = replacement.info();
            if (now.dtype() != old.dtype() || !now.shape().equals(old.shape())) {
                throw new IllegalArgumentException("tensor '" + name + "': the replacement is " + now.dtype() + " "
                        + now.shape() + ", the file has " + old.dtype() + " " + old.shape());
            }
        });
    }
}
