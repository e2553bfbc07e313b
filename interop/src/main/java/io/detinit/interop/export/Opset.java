package io.detinit.interop.export;

/** The operator sets that can be written and the IR version that came with each (onnx/docs/Versioning.md). */
final class Opset {

    static final int FIRST = 13;
    static final int LAST = 21;

    private Opset() {}

    static int checked(int opset) {
        if (opset < FIRST || opset > LAST) {
            throw new IllegalArgumentException(
                    "opset " + opset + " is not written; choose one of " + FIRST + " to " + LAST);
        }
        return opset;
    }

    static int irVersion(int opset) {
        if (opset <= 14) {
            return 7;
        }
        if (opset <= 18) {
            return 8;
        }
        return opset <= 20 ? 9 : 10;
    }
}
