package io.detinit.interop.verify;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens models in ONNX Runtime. */
final class Sessions {

    private Sessions() {}

    /** How ONNX Runtime gets the model. */
    @FunctionalInterface
    private interface Opener {
        OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options) throws OrtException;
    }

    static OrtSession open(Path model, int threads) throws IOException {
        if (!Files.exists(model)) {
            throw new NoSuchFileException(model.toString());
        }
        String file = model.toString();
        return open(file, threads, (environment, options) -> environment.createSession(file, options));
    }

    static OrtSession of(String name, byte[] model, int threads) throws IOException {
        if (model.length == 0) {
            throw MalformedFileException.of(name, "model", "0 bytes", "an ONNX model");
        }
        return open(name, threads, (environment, options) -> environment.createSession(model, options));
    }

    static OrtSession of(String name, byte[] model, int threads, OrtSession.SessionOptions.OptLevel level)
            throws IOException {
        return open(name, threads, level, (environment, options) -> environment.createSession(model, options));
    }

    private static OrtSession open(String name, int threads, Opener opener) throws IOException {
        return open(name, threads, OrtSession.SessionOptions.OptLevel.ALL_OPT, opener);
    }

    private static OrtSession open(String name, int threads, OrtSession.SessionOptions.OptLevel level, Opener opener)
            throws IOException {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + "; it must be at least 1");
        }
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setOptimizationLevel(level);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // errors come as exceptions
            // Threads of a model that has just run must not spin while another one is timed
            options.addConfigEntry("session.force_spinning_stop", "1");
            return opener.open(OrtEnvironment.getEnvironment(), options);
        } catch (OrtException e) {
            throw failed(name, "model", e, "a model that ONNX Runtime loads");
        }
    }

    static MalformedFileException failed(String name, String where, OrtException e, String expected) {
        MalformedFileException malformed =
                MalformedFileException.of(name, where, "\"" + e.getMessage() + "\"", expected);
        malformed.initCause(e);
        return malformed;
    }
}
