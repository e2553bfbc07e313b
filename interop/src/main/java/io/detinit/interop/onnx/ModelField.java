package io.detinit.interop.onnx;

/** Field numbers of ModelProto, GraphProto, NodeProto, AttributeProto and StringStringEntryProto in onnx.proto. */
final class ModelField {

    static final int IR_VERSION = 1;
    static final int MODEL_VERSION = 5;
    static final int GRAPH = 7;
    static final int METADATA_PROPS = 14;

    static final int GRAPH_NODE = 1;
    static final int GRAPH_INITIALIZER = 5;
    static final int GRAPH_SPARSE_INITIALIZER = 15;

    static final int NODE_INPUT = 1;
    static final int NODE_ATTRIBUTE = 5;

    static final int ATTRIBUTE_G = 6;
    static final int ATTRIBUTE_GRAPHS = 11;

    static final int ENTRY_KEY = 1;
    static final int ENTRY_VALUE = 2;

    private ModelField() {}

    /** Whether the top level of a model has such a field, as of ONNX 1.23. */
    static boolean isKnown(int field) {
        return (field >= 1 && field <= 8)
                || field == METADATA_PROPS
                || field == 20 // training_info
                || field == 25 // functions
                || field == 26; // configuration
    }

    /** The wire type of a known field. */
    static int wireType(int field) {
        return field == IR_VERSION || field == MODEL_VERSION ? WireCursor.VARINT : WireCursor.BYTES;
    }
}
