package io.detinit.models;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.LambdaBlock;
import ai.djl.training.ParameterStore;
import java.util.Locale;

/** What the outputs of a layer meet first. The order is that of precedence where a value goes several ways. */
enum Meets {
    RELU,
    SELU,
    SIGMOID,
    LAYER,
    OUTPUT;

    private static final float[] PROBES = {-4, -1, 1, 4};

    Role role() {
        return switch (this) {
            case RELU -> Role.BEFORE_RELU;
            case SELU -> Role.BEFORE_SELU;
            case SIGMOID -> Role.BEFORE_SIGMOID;
            case LAYER -> Role.LINEAR;
            case OUTPUT -> Role.OUTPUT;
        };
    }

    Meets or(Meets other) {
        return compareTo(other) <= 0 ? this : other;
    }

    /** The kind of activation that a lambda is, by its name or, where it has none, by its values; else what comes next. */
    static Meets of(LambdaBlock lambda, Meets next) {
        String name = lambda.getName();
        return switch (name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "")) {
            case "relu", "relu6", "leakyrelu", "elu", "gelu", "swish", "silu", "mish", "softplus" -> RELU;
            case "selu" -> SELU;
            case "sigmoid", "tanh", "softsign", "hardsigmoid", "hardtanh" -> SIGMOID;
            default -> name.equals(LambdaBlock.DEFAULT_NAME) || name.contains("Lambda") ? byValues(lambda, next) : next;
        };
    }

    private static Meets byValues(LambdaBlock lambda, Meets next) {
        float[] y = new float[PROBES.length];
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            ParameterStore store = new ParameterStore(manager, false);
            for (int k = 0; k < y.length; k++) {
                NDArray x = manager.create(new float[] {PROBES[k]}, new Shape(1, 1));
                y[k] = lambda.forward(store, new NDList(x), false)
                        .singletonOrThrow()
                        .getFloat();
            }
        } catch (RuntimeException e) { // it takes no such array, so it is no activation
            return next;
        }
        if (Math.abs(y[2] - 1.0507f) < 1e-3 && Math.abs(y[0] + 1.7258f) < 1e-3) {
            return SELU;
        }
        if (y[3] >= 2 && Math.abs(y[0]) <= y[3] / 3) {
            return RELU;
        }
        boolean bounded = Math.abs(y[3]) <= 1.5 && Math.abs(y[0]) <= 1.5;
        return bounded && y[3] - y[0] > 0.1 ? SIGMOID : next;
    }
}
