package io.detinit.interop.export;

/** A DJL block that has no ONNX form here. The message names the block and its place in the tree. */
public final class UnsupportedBlockException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /**
     * A block that cannot be exported.
     *
     * @param place where it stands, such as {@code block 03LambdaBlock}
     * @param what what it is
     */
    public UnsupportedBlockException(String place, String what) {
        super(place + ": " + what
                + " has no ONNX form here; exported are sequences of Linear, batchFlatten, ReLU, Tanh,"
                + " Sigmoid, Softmax, identity and Dropout");
    }
}
