package io.detinit.interop.onnx;

/** Field numbers of ModelProto and the messages in it, as of onnx.proto of ONNX 1.23; TensorProto has {@link TensorField}. */
final class ModelField {

    static final int IR_VERSION = 1;
    static final int MODEL_VERSION = 5;
    static final int GRAPH = 7;
    static final int OPSET_IMPORT = 8;
    static final int METADATA_PROPS = 14;
    static final int TRAINING_INFO = 20;
    static final int FUNCTIONS = 25;

    static final int GRAPH_NODE = 1;
    static final int GRAPH_INITIALIZER = 5;
    static final int GRAPH_INPUT = 11;
    static final int GRAPH_OUTPUT = 12;
    static final int GRAPH_VALUE_INFO = 13;
    static final int GRAPH_SPARSE_INITIALIZER = 15;

    static final int NODE_INPUT = 1;
    static final int NODE_OUTPUT = 2;
    static final int NODE_NAME = 3;
    static final int NODE_OP_TYPE = 4;
    static final int NODE_ATTRIBUTE = 5;
    static final int NODE_DOMAIN = 7;
    static final int NODE_METADATA_PROPS = 9;

    static final int ATTRIBUTE_NAME = 1;
    static final int ATTRIBUTE_F = 2;
    static final int ATTRIBUTE_I = 3;
    static final int ATTRIBUTE_T = 5;
    static final int ATTRIBUTE_G = 6;
    static final int ATTRIBUTE_FLOATS = 7;
    static final int ATTRIBUTE_INTS = 8;
    static final int ATTRIBUTE_GRAPHS = 11;
    static final int ATTRIBUTE_SPARSE_TENSOR = 22;

    static final int FUNCTION_NAME = 1;
    static final int FUNCTION_INPUT = 4;
    static final int FUNCTION_OUTPUT = 5;
    static final int FUNCTION_NODE = 7;
    static final int FUNCTION_DOMAIN = 10;

    static final int SPARSE_VALUES = 1;
    static final int SPARSE_INDICES = 2;
    static final int SPARSE_DIMS = 3;

    static final int VALUE_INFO_NAME = 1;
    static final int VALUE_INFO_METADATA_PROPS = 4;

    static final int OPERATOR_SET_DOMAIN = 1;
    static final int OPERATOR_SET_VERSION = 2;

    static final int ENTRY_KEY = 1;
    static final int ENTRY_VALUE = 2;

    private ModelField() {}

    /** Whether the top level of a model has such a field, as of ONNX 1.23. */
    static boolean isKnown(int field) {
        return (field >= 1 && field <= 8)
                || field == METADATA_PROPS
                || field == TRAINING_INFO
                || field == FUNCTIONS
                || field == 26; // configuration
    }

    /** The wire type of a known field. */
    static int wireType(int field) {
        return field == IR_VERSION || field == MODEL_VERSION ? WireCursor.VARINT : WireCursor.BYTES;
    }
}
