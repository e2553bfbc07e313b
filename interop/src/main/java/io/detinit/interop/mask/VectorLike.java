package io.detinit.interop.mask;

import io.detinit.interop.tensor.TensorInfo;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Tells what scales or shifts (biases, norm scales) from matrices, whatever its rank.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class VectorLike {

    private static final Pattern NORM = Pattern.compile("(.*norm|bn|ln)[_\\d]*", Pattern.CASE_INSENSITIVE);
    private static final Pattern BIAS = Pattern.compile("bias|bias_.*|.*_bias");

    /** What weight normalisation calls the length of each row, [out, 1, ...]. */
    private static final Set<String> ROW_LENGTHS = Set.of("weight_g", "original0");

    private VectorLike() {}

    /**
     * Whether a parameter is no matrix: its rank is below 2; or it is called a bias; or it belongs to a normalisation; or it
     * is the row lengths of a weight normalisation.
     *
     * @param info the parameter
     * @return true where it is left alone unless vectors are asked for
     */
    static boolean test(TensorInfo info) {
        if (info.shape().rank() < 2) {
            return true;
        }
        String name = info.name();
        int dot = name.lastIndexOf('.');
        String last = name.substring(dot + 1);
        String module = dot < 0 ? "" : name.substring(name.lastIndexOf('.', dot - 1) + 1, dot);
        if (BIAS.matcher(last).matches() || NORM.matcher(module).matches()) {
            return true;
        }
        boolean oneAxis =
                Arrays.stream(info.shape().dims()).filter(dim -> dim != 1).count() <= 1;
        return oneAxis && ROW_LENGTHS.contains(last);
    }
}
