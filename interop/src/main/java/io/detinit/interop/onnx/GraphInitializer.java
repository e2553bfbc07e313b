package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.TensorInfo;

/**
 * A dense initializer of the top-level graph and where its elements lie.
 *
 * @param type the element type
 * @param shape its dims
 * @param location where its TensorProto lies
 * @param dataFrom the first byte of the elements where they lie in the file as little-endian bytes, -1 where they must be
 *     decoded from a typed field
 */
record GraphInitializer(OnnxType type, TensorShape shape, Location location, long dataFrom) {

    /**
     * Where a TensorProto lies.
     *
     * @param name the tensor's name
     * @param fieldStart the tag of the graph's field that holds it
     * @param from its first byte
     * @param to the byte after its last
     */
    record Location(String name, long fieldStart, long from, long to) {
        String label() {
            return "initializer '" + name + "'";
        }
    }

    TensorInfo info(TensorInfo.Kind kind) {
        return new TensorInfo(location.name(), type.dtype(), shape, kind);
    }
}
