package io.detinit.interop.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.index.dim.NDIndexAll;
import ai.djl.ndarray.index.dim.NDIndexElement;
import ai.djl.ndarray.index.dim.NDIndexFixed;
import ai.djl.ndarray.index.dim.NDIndexNull;
import ai.djl.ndarray.index.dim.NDIndexSlice;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.Map;

/** Parts of arrays by position. */
final class IndexOperations {

    private IndexOperations() {}

    static void register(Map<String, Operations.Operation> all) {
        all.put("get", IndexOperations::get);
        all.put("gather/2", IndexOperations::gatherElements);
        all.put("gatherNd", IndexOperations::gatherNd);
        all.put("take", IndexOperations::take);
    }

    private static NDArray get(Call call) {
        Object[] args = call.args();
        Object last = args[args.length - 1];
        if (args.length == 1 && last instanceof NDIndex index) {
            return at(call, index);
        }
        if (args.length == 2 && last instanceof NDIndex index) {
            return at(call, index);
        }
        if (last instanceof long[] positions) {
            return at(call, new NDIndex(positions));
        }
        if (args.length == 2 && args[0] instanceof String text) {
            return at(call, new NDIndex(text, (Object[]) last));
        }
        if (args.length == 1 && last instanceof NDArray) {
            return rows(call);
        }
        throw call.tracer().unsupported("its forward indexes an array in a way that has no ONNX form here");
    }

    /** Rows of the first axis by a list of positions. */
    private static NDArray rows(Call call) {
        TracedArray positions = call.traced(0);
        if (positions.type() == DataType.BOOLEAN) {
            throw call.tracer()
                    .unsupported("its forward selects by a boolean array, so that the shape depends on the values");
        }
        NDArray real = call.self().real().get(positions.real());
        return call.result(
                real,
                call.node("Gather", Map.of("axis", 0), call.self().value(), call.cast(positions, DataType.INT64)));
    }

    private static NDArray at(Call call, NDIndex index) {
        NDArray real = call.self().real().get(index);
        String value = call.self().value();
        int ellipsis = index.getEllipsisIndex();
        int named = (int) index.getIndices().stream()
                .filter(element -> !(element instanceof NDIndexNull))
                .count();
        int axis = 0;
        for (int k = 0; k < index.getIndices().size(); k++) {
            if (k == ellipsis) {
                axis += call.rank() - named;
            }
            NDIndexElement element = index.get(k);
            if (element instanceof NDIndexFixed fixed) {
                long size = call.shape().get(axisOf(index, k, ellipsis, call.rank() - named));
                long position = fixed.getIndex();
                // a position counted from the end stays one, whatever the size
                value = call.node(
                        "Squeeze",
                        slice(call, value, axis, position, position == -1 ? Long.MAX_VALUE : position + 1, 1),
                        call.graph().constant(OnnxTypes.longs(axis)));
                if (position >= size) {
                    throw call.tracer().unsupported("its forward takes position " + position + " of " + size);
                }
            } else if (element instanceof NDIndexSlice slice) {
                value = slice(
                        call,
                        value,
                        axis,
                        slice.getMin() == null ? 0 : slice.getMin(),
                        slice.getMax() == null ? Long.MAX_VALUE : slice.getMax(),
                        slice.getStep() == null ? 1 : slice.getStep());
                axis++;
            } else if (element instanceof NDIndexNull) {
                value = call.node("Unsqueeze", value, call.graph().constant(OnnxTypes.longs(axis)));
                axis++;
            } else if (element instanceof NDIndexAll) {
                axis++;
            } else {
                throw call.tracer()
                        .unsupported("its forward indexes an array with "
                                + element.getClass().getSimpleName() + ", which has no ONNX form here");
            }
        }
        return call.view(real, value);
    }

    /** The axis of the array that the k-th element of an index stands for. */
    private static int axisOf(NDIndex index, int element, int ellipsis, int skipped) {
        int axis = 0;
        for (int k = 0; k < element; k++) {
            axis += index.get(k) instanceof NDIndexNull ? 0 : 1;
        }
        return axis + (ellipsis >= 0 && element >= ellipsis ? skipped : 0);
    }

    static String slice(Call call, String value, int axis, long start, long end, long step) {
        return call.node(
                "Slice",
                value,
                call.tracer().longs(start),
                call.tracer().longs(end),
                call.graph().constant(OnnxTypes.longs(axis)),
                call.graph().constant(OnnxTypes.longs(step)));
    }

    private static NDArray gatherElements(Call call) {
        return call.result(
                call.array(),
                call.node(
                        "GatherElements",
                        Map.of("axis", call.integer(1)),
                        call.self().value(),
                        call.cast(call.traced(0), DataType.INT64)));
    }

    /** DJL's indices have their coordinates along the first axis, ONNX's along the last. */
    private static NDArray gatherNd(Call call) {
        TracedArray positions = call.traced(0);
        NDArray real = call.array();
        int rank = positions.real().getShape().dimension();
        long[] order = new long[rank];
        Arrays.setAll(order, k -> (k + 1L) % rank);
        String last = call.node("Transpose", Map.of("perm", order), call.cast(positions, DataType.INT64));
        return call.result(real, call.node("GatherND", call.self().value(), last));
    }

    /** Positions in the flattened array. */
    private static NDArray take(Call call) {
        int index = call.args().length - 1;
        NDArray real = call.self()
                .real()
                .take(call.tracer().engine(), call.traced(index).real());
        String flat = call.node("Reshape", call.self().value(), call.graph().constant(OnnxTypes.longs(-1)));
        return call.result(
                real, call.node("Gather", Map.of("axis", 0), flat, call.cast(call.traced(index), DataType.INT64)));
    }
}
