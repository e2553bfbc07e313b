package io.detinit.interop.export;

/** A Block, or a use of one, that has no ONNX form here. The message names the block, its place and what to use instead. */
public final class UnsupportedBlockException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** What helps with any Block that cannot be followed. */
    static final String REGISTER =
            "register a BlockConverter for it (ExportOptions.withConverter, BlockConverter.ofLambda"
                    + " for a named LambdaBlock, or a service in META-INF/services)";

    /**
     * An unsupported block.
     *
     * @param place where it stands, such as {@code 02SequentialBlock/03LambdaBlock}
     * @param what what it is and why it has no ONNX form
     * @param advice what to do
     */
    UnsupportedBlockException(String place, String what, String advice) {
        super(label(place) + ": " + what + "; " + advice);
    }

    /** How messages name a block. */
    static String label(String place) {
        return "block " + (place.isEmpty() ? "(the model itself)" : place);
    }
}
