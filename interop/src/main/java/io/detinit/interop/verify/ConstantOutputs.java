package io.detinit.interop.verify;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a model without inputs computes in ONNX Runtime (CPU). */
public final class ConstantOutputs {

    private ConstantOutputs() {}

    /**
     * Runs a model once.
     *
     * @param name what to call it in messages
     * @param model the file's bytes
     * @param optimized whether ONNX Runtime may optimise the model, and so compute it when it is loaded; else node by node
     * @return the outputs' elements, little-endian, row-major, by name; copies
     * @throws MalformedFileException if ONNX Runtime cannot load or run it, or an output is no dense tensor
     * @throws IOException never else
     */
    public static Map<String, ByteBuffer> run(String name, byte[] model, boolean optimized) throws IOException {
        OrtSession.SessionOptions.OptLevel level =
                optimized ? OrtSession.SessionOptions.OptLevel.ALL_OPT : OrtSession.SessionOptions.OptLevel.NO_OPT;
        try (OrtSession session = Sessions.of(name, model, 1, level);
                OrtSession.Result result = session.run(Map.of())) {
            Map<String, ByteBuffer> outputs = new LinkedHashMap<>();
            for (Map.Entry<String, OnnxValue> output : result) {
                if (!(output.getValue() instanceof OnnxTensor tensor)) {
                    throw MalformedFileException.unsupported(
                            name, "output '" + output.getKey() + "'", "one that is not a dense tensor", "export one");
                }
                outputs.put(output.getKey(), tensor.getByteBuffer().order(ByteOrder.LITTLE_ENDIAN));
            }
            return outputs;
        } catch (OrtException e) {
            throw Sessions.failed(name, "run", e, "a model that runs without inputs");
        }
    }

    /**
     * Loads a model and lets it go.
     *
     * @param name what to call it in messages
     * @param model the file's bytes
     * @throws MalformedFileException if ONNX Runtime cannot load it
     * @throws IOException never else
     */
    public static void load(String name, byte[] model) throws IOException {
        close(name, Sessions.of(name, model, 1));
    }

    /**
     * Loads a model file and lets it go.
     *
     * @param model the file
     * @throws MalformedFileException if ONNX Runtime cannot load it
     * @throws IOException if there is no such file
     */
    public static void load(Path model) throws IOException {
        close(model.toString(), Sessions.open(model, 1));
    }

    private static void close(String name, OrtSession session) throws IOException {
        try {
            session.close();
        } catch (OrtException e) {
            throw Sessions.failed(name, "model", e, "a model that ONNX Runtime loads");
        }
    }
}
