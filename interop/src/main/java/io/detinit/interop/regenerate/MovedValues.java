package io.detinit.interop.regenerate;

import ai.onnx.proto.OnnxMl;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MemoryBytes;
import io.detinit.interop.onnx.function.GeneratorFunctions;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The elements of a tensor that are not their initial values, and where they stand: as positions (int32), as gaps (uint8) or as
 * bits, whichever is smallest.
 *
 * @param coding how the positions are kept
 * @param places the positions
 * @param values the elements in the order of the positions, of the tensor's dtype
 */
record MovedValues(Coding coding, TensorView places, TensorView values) {

    private static final int MAX_GAP = 255;

    /** How positions are kept; each is a function of {@link GeneratorFunctions}. */
    enum Coding {
        /** No element is stored. */
        NONE(""),
        /** int32, 4 bytes each. */
        POSITIONS("MovedAt"),
        /** uint8 differences; one over 255 is bridged by elements that are stored though they are initial. */
        GAPS("MovedByGaps"),
        /** One bit for each element of the tensor. */
        BITS("MovedByBits");

        private final String function;

        Coding(String function) {
            this.function = function;
        }

        String function() {
            return function;
        }
    }

    /** Reads an element as its bits. */
    @FunctionalInterface
    interface Elements {
        /** The bits of an element. */
        int bits(int position);
    }

    /**
     * Packs elements.
     *
     * @param moved their positions, row-major
     * @param info the tensor
     * @param elements the tensor's elements
     */
    static MovedValues of(BitSet moved, TensorInfo info, Elements elements) {
        int count = moved.cardinality();
        int size = info.dtype().bytes();
        int bridged = count + bridges(moved);
        long positions = (4L + size) * count;
        long gaps = (1L + size) * bridged;
        long bits = info.dtype() == DType.BF16
                ? Long.MAX_VALUE // ONNX Runtime has no Where for bfloat16
                : (info.shape().elements() + 7) / 8 + (long) size * count;
        if (count == 0) {
            return new MovedValues(Coding.NONE, tensor(DType.U8, new byte[0], 0), tensor(info.dtype(), new byte[0], 0));
        }
        if (positions <= gaps && positions <= bits) {
            byte[] bytes = new byte[4 * count];
            ByteBuffer places = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            moved.stream().forEach(places::putInt);
            return new MovedValues(Coding.POSITIONS, tensor(DType.I32, bytes, count), values(moved, info, elements));
        }
        if (gaps <= bits) {
            return gaps(moved, bridged, info, elements);
        }
        byte[] places = new byte[Math.toIntExact((info.shape().elements() + 7) / 8)];
        byte[] set = moved.toByteArray();
        System.arraycopy(set, 0, places, 0, set.length);
        return new MovedValues(Coding.BITS, tensor(DType.U8, places, places.length), values(moved, info, elements));
    }

    /** How many elements have to be stored beside, so that no gap is too wide. */
    private static int bridges(BitSet moved) {
        int bridges = 0;
        int last = 0;
        for (int at = moved.nextSetBit(0); at >= 0; at = moved.nextSetBit(at + 1)) {
            bridges += Math.max(0, (at - last - 1) / MAX_GAP);
            last = at;
        }
        return bridges;
    }

    private static MovedValues gaps(BitSet moved, int count, TensorInfo info, Elements elements) {
        byte[] bytes = new byte[count];
        ByteBuffer places = ByteBuffer.wrap(bytes);
        BitSet all = (BitSet) moved.clone();
        int last = 0;
        for (int at = moved.nextSetBit(0); at >= 0; at = moved.nextSetBit(at + 1)) {
            while (at - last > MAX_GAP) {
                places.put((byte) MAX_GAP);
                last += MAX_GAP;
                all.set(last);
            }
            places.put((byte) (at - last));
            last = at;
        }
        return new MovedValues(Coding.GAPS, tensor(DType.U8, bytes, count), values(all, info, elements));
    }

    private static TensorView values(BitSet positions, TensorInfo info, Elements elements) {
        int count = positions.cardinality();
        int size = info.dtype().bytes();
        byte[] bytes = new byte[size * count];
        ByteBuffer values = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        positions.stream().forEach(at -> {
            int bits = elements.bits(at);
            if (size == Short.BYTES) {
                values.putShort((short) bits);
            } else {
                values.putInt(bits);
            }
        });
        return tensor(info.dtype(), bytes, count);
    }

    private static TensorView tensor(DType dtype, byte[] bytes, int count) {
        TensorInfo info = new TensorInfo("", dtype, TensorShape.of(count), TensorInfo.Kind.CONSTANT);
        return new FileTensor(info, new MemoryBytes("moved weights", bytes), "");
    }

    /** The bytes of both. */
    long bytes() {
        return places.info().bytes() + values.info().bytes();
    }

    /** The initializers that {@link #call} takes, by name. */
    Map<String, TensorView> initializers(String prefix) {
        Map<String, TensorView> all = new LinkedHashMap<>();
        if (coding != Coding.NONE) {
            all.put(prefix + "/places", places);
            all.put(prefix + "/values", values);
        }
        return all;
    }

    /**
     * The call that puts the elements into the initial ones.
     *
     * @param initial the name of these
     * @param prefix as for {@link #initializers}
     * @param shape the tensor's
     * @param output the name of the result
     */
    OnnxMl.NodeProto call(String initial, String prefix, TensorShape shape, String output) {
        OnnxMl.NodeProto.Builder node =
                OnnxMl.NodeProto.newBuilder().setName(prefix + "/moved").addInput(initial);
        if (coding == Coding.NONE) {
            return node.setOpType("Identity").addOutput(output).build();
        }
        return node.setDomain(GeneratorFunctions.DOMAIN)
                .setOpType(coding.function())
                .addInput(prefix + "/places")
                .addInput(prefix + "/values")
                .addOutput(output)
                .addAttribute(GeneratedTensor.integers("shape", shape.dims()))
                .build();
    }
}
