package io.detinit.interop.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Exported Blocks in ONNX Runtime beside DJL's own forward. */
final class Exported {

    static final float TOLERANCE = 1e-4f;

    private Exported() {}

    static ModelInput floats(long... sample) {
        return ModelInput.ofSamples("input", new Shape(sample));
    }

    static ModelInput ids(String name, long... shape) {
        return new ModelInput(name, new Shape(shape), DataType.INT64);
    }

    /** block.child.name by DJL's own path, unique. */
    static Function<Parameter, String> paths(Block block) {
        Map<String, String> byId = new LinkedHashMap<>();
        for (Pair<String, Parameter> pair : block.getParameters()) {
            byId.putIfAbsent(pair.getValue().getId(), pair.getKey());
        }
        return parameter -> byId.getOrDefault(parameter.getId(), "");
    }

    /** Random weights; variances and scales positive. */
    static <B extends Block> B initialised(B block, NDManager manager, Shape... shapes) {
        block.initialize(manager, DataType.FLOAT32, shapes);
        SplittableRandom random = new SplittableRandom(7);
        for (Pair<String, Parameter> pair : block.getParameters()) {
            Parameter parameter = pair.getValue();
            NDArray array = parameter.getArray();
            float[] values = new float[Math.toIntExact(array.size())];
            double fan = Math.max(
                    1,
                    array.getShape().dimension() < 2
                            ? 16
                            : array.size() / array.getShape().get(0));
            for (int k = 0; k < values.length; k++) {
                values[k] = (float)
                        switch (parameter.getType()) {
                            case GAMMA, RUNNING_VAR -> 0.5 + random.nextDouble();
                            default -> (random.nextDouble() - 0.5) * Math.sqrt(24 / fan);
                        };
            }
            array.set(values);
        }
        return block;
    }

    static Shape[] shapes(List<ModelInput> inputs, long batch) {
        return inputs.stream().map(input -> input.withBatch(batch)).toArray(Shape[]::new);
    }

    /** Gaussian floats, whole numbers in [0, 2) for other types. */
    static NDList random(NDManager manager, List<ModelInput> inputs, long batch, long seed) {
        Random random = new Random(seed);
        NDList list = new NDList();
        for (ModelInput input : inputs) {
            Shape shape = input.withBatch(batch);
            float[] values = new float[Math.toIntExact(shape.size())];
            for (int k = 0; k < values.length; k++) {
                values[k] = input.dataType().isFloating() ? (float) random.nextGaussian() : random.nextInt(2);
            }
            NDArray array = manager.create(values, shape);
            list.add(input.dataType() == DataType.FLOAT32 ? array : array.toType(input.dataType(), false));
        }
        return list;
    }

    /** Initialises, exports and compares with batches of 1, 2 and 5. */
    static byte[] agrees(Block block, ModelInput... inputs) {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<ModelInput> all = List.of(inputs);
            initialised(block, manager, shapes(all, 2));
            byte[] model = OnnxExporter.export(block, all, ExportOptions.of(paths(block)));
            for (int batch : new int[] {1, 2, 5}) {
                assertSameOutputs(block, model, all, batch, TOLERANCE);
            }
            return model;
        }
    }

    static void assertSameOutputs(Block block, byte[] model, List<ModelInput> inputs, int batch, float tolerance) {
        try (NDManager scope = NDManager.newBaseManager()) {
            NDList given = random(scope, inputs, batch, batch);
            List<ModelOutput> found = run(model, inputs, given);
            NDList expected = block.forward(new ParameterStore(scope, false), given, false);
            assertSameOutputs(expected, found, tolerance);
        }
    }

    static void assertSameOutputs(NDList expected, List<ModelOutput> found, float tolerance) {
        assertEquals(expected.size(), found.size(), "outputs");
        for (int k = 0; k < found.size(); k++) {
            NDArray one = expected.get(k);
            ModelOutput other = found.get(k);
            assertArrayEquals(one.getShape().getShape(), other.shape(), "shape of output " + k);
            float[] values = one.toType(DataType.FLOAT32, false).toFloatArray();
            float scale = 0;
            for (float value : values) {
                scale = Math.max(scale, Float.isFinite(value) ? Math.abs(value) : 0);
            }
            for (int i = 0; i < values.length; i++) {
                float difference = Math.abs(values[i] - other.values()[i]);
                assertTrue(
                        difference <= tolerance * scale || Float.compare(values[i], other.values()[i]) == 0,
                        "output " + k + "[" + i + "]: DJL " + values[i] + ", ONNX Runtime " + other.values()[i]
                                + ", scale " + scale);
            }
        }
    }

    /** An output of ONNX Runtime as floats. */
    @SuppressWarnings("ArrayRecordComponent")
    record ModelOutput(String name, long[] shape, float[] values) {}

    static List<ModelOutput> run(byte[] model, List<ModelInput> inputs, NDList values) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            try (OrtSession session = environment.createSession(model, options)) {
                Map<String, OnnxTensor> feeds = new LinkedHashMap<>();
                for (int k = 0; k < inputs.size(); k++) {
                    feeds.put(inputs.get(k).name(), tensor(environment, values.get(k)));
                }
                List<ModelOutput> outputs = new ArrayList<>();
                try (OrtSession.Result result = session.run(feeds)) {
                    result.forEach(entry -> {
                        OnnxTensor tensor = (OnnxTensor) entry.getValue();
                        outputs.add(
                                new ModelOutput(entry.getKey(), tensor.getInfo().getShape(), floats(tensor)));
                    });
                }
                feeds.values().forEach(OnnxTensor::close);
                return outputs;
            }
        } catch (OrtException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    private static OnnxTensor tensor(OrtEnvironment environment, NDArray array) throws OrtException {
        long[] shape = array.getShape().getShape();
        return switch (array.getDataType()) {
            case FLOAT32 -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(array.toFloatArray()), shape);
            case INT64 -> OnnxTensor.createTensor(environment, LongBuffer.wrap(array.toLongArray()), shape);
            default -> {
                ByteBuffer bytes =
                        ByteBuffer.wrap(OnnxTypes.littleEndian(array)).order(ByteOrder.LITTLE_ENDIAN);
                OnnxJavaType type = switch (array.getDataType()) {
                    case FLOAT16 -> OnnxJavaType.FLOAT16;
                    case INT32 -> OnnxJavaType.INT32;
                    case BOOLEAN -> OnnxJavaType.BOOL;
                    default -> OnnxJavaType.UINT8;
                };
                ByteBuffer direct = ByteBuffer.allocateDirect(bytes.remaining()).order(ByteOrder.nativeOrder());
                direct.put(bytes).flip();
                yield OnnxTensor.createTensor(environment, direct, shape, type);
            }
        };
    }

    private static float[] floats(OnnxTensor tensor) {
        TensorInfo info = tensor.getInfo();
        if (info.type == OnnxJavaType.FLOAT || info.type == OnnxJavaType.FLOAT16) {
            FloatBuffer buffer = tensor.getFloatBuffer();
            float[] values = new float[buffer.remaining()];
            buffer.get(values);
            return values;
        }
        if (info.type == OnnxJavaType.INT64) {
            LongBuffer buffer = tensor.getLongBuffer();
            float[] values = new float[buffer.remaining()];
            for (int k = 0; k < values.length; k++) {
                values[k] = buffer.get();
            }
            return values;
        }
        ByteBuffer buffer = tensor.getByteBuffer();
        float[] values = new float[buffer.remaining()];
        for (int k = 0; k < values.length; k++) {
            values[k] = buffer.get();
        }
        return values;
    }
}
