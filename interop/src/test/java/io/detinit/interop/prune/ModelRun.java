package io.detinit.interop.prune;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxSparseTensor;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.detinit.generator.ReducedPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Inputs on which ONNX Runtime runs a model, the same for every variant of it: axes of free length get one that the model takes,
 * floating-point elements are normal random numbers, integers and booleans random bits.
 *
 * @param free the length of every free axis
 */
record ModelRun(long free) {

    private static final long[] LENGTHS = {1, 2, 100
    }; // 100: a model that multiplies a batch by a sequence and a width of 100

    /** Finds inputs; empty where ONNX Runtime does not load the model or runs it on none of them. */
    static Optional<ModelRun> of(Path model) {
        for (long length : LENGTHS) {
            ModelRun run = new ModelRun(length);
            try {
                run.outputs(model);
                return Optional.of(run);
            } catch (OrtException e) {
                // The next length; what does not run at all is for the caller to name.
            }
        }
        return Optional.empty();
    }

    /** Whether ONNX Runtime loads a model. */
    static boolean loads(Path model) {
        try (OrtSession.SessionOptions options = options();
                OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toString(), options)) {
            return session.getNumOutputs() > 0;
        } catch (OrtException e) {
            return false;
        }
    }

    private static OrtSession.SessionOptions options() throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
        return options;
    }

    /** Name, type, shape and bits of every output. */
    List<String> outputs(Path model) throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try (OrtSession.SessionOptions options = options();
                OrtSession session = environment.createSession(model.toString(), options)) {
            Random random = new Random(7);
            for (String name : session.getInputNames()) {
                if (!(session.getInputInfo().get(name).getInfo() instanceof TensorInfo info)) {
                    throw new OrtException("an input that is no tensor");
                }
                inputs.put(name, input(environment, info, random));
            }
            List<String> outputs = new ArrayList<>();
            try (OrtSession.Result result = session.run(inputs)) {
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.add(output.getKey() + " " + text(output.getValue()));
                }
            }
            return outputs;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private OnnxTensor input(OrtEnvironment environment, TensorInfo info, Random random) throws OrtException {
        if (info.type == OnnxJavaType.STRING || info.type == OnnxJavaType.UNKNOWN) {
            throw new OrtException("an input of " + info.type);
        }
        long[] shape =
                Arrays.stream(info.getShape()).map(dim -> dim < 0 ? free : dim).toArray();
        int count = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
        ByteBuffer bytes = ByteBuffer.allocateDirect(count * info.type.size).order(ByteOrder.nativeOrder());
        for (int k = 0; k < count; k++) {
            switch (info.type) {
                case FLOAT -> bytes.putFloat((float) random.nextGaussian());
                case DOUBLE -> bytes.putDouble(random.nextGaussian());
                case FLOAT16 -> bytes.putShort(ReducedPrecision.toFloat16((float) random.nextGaussian()));
                case BFLOAT16 -> bytes.putShort(ReducedPrecision.toBfloat16((float) random.nextGaussian()));
                case INT64 -> bytes.putLong(random.nextInt(2));
                case INT32 -> bytes.putInt(random.nextInt(2));
                case INT16 -> bytes.putShort((short) random.nextInt(2));
                default -> bytes.put((byte) random.nextInt(2));
            }
        }
        return OnnxTensor.createTensor(environment, bytes.flip(), shape, info.type);
    }

    private static String text(OnnxValue value) throws OrtException {
        if (value instanceof OnnxTensor tensor && tensor.getInfo().type != OnnxJavaType.STRING) {
            return tensor.getInfo() + " " + sha256(tensor.getByteBuffer());
        }
        if (value instanceof OnnxSparseTensor sparse) {
            float[] values = new float[sparse.getValuesBuffer().remaining()];
            ((FloatBuffer) sparse.getValuesBuffer()).get(values);
            return sparse.getInfo() + " " + Arrays.toString(values);
        }
        return value.getInfo() + " " + Arrays.deepToString(new Object[] {value.getValue()});
    }

    private static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
