package io.detinit.interop.tensor;

/**
 * Tells parameters from buffers where a format does not.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class TensorKinds {

    private TensorKinds() {}

    /**
     * Guesses the kind from name and dtype.
     *
     * @param name the tensor's name
     * @param dtype its dtype
     * @return BUFFER for running statistics and for integers, else PARAMETER
     */
    public static TensorInfo.Kind of(String name, DType dtype) {
        String last = name.substring(name.lastIndexOf('.') + 1);
        boolean statistics = last.equals("running_mean") || last.equals("running_var");
        return statistics || !dtype.isFloating() ? TensorInfo.Kind.BUFFER : TensorInfo.Kind.PARAMETER;
    }
}
