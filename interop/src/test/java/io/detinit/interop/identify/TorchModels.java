package io.detinit.interop.identify;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchReplay;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.ArrayTensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Models as if trained: initial values of which some have moved.
 *
 * @param replay what they began as
 * @param parameters what they are now
 * @param names the names of all tensors
 */
record TorchModels(TorchReplay replay, List<Parameter> parameters, Set<String> names) {

    /** A module, constructed at a draw, whose weights but every tenth moved by about so many deviations of their own. */
    static TorchModels of(TorchModule module, long seed, long draw, TorchKernels kernels, double moved) {
        TorchReplay replay = TorchReplay.of(module, seed, StreamPosition.at(draw), TorchDtype.FLOAT32, kernels);
        SplittableRandom random = new SplittableRandom(77);
        List<ArrayTensor> tensors = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (TorchReplay.Tensor tensor : replay.tensors()) {
            names.add(tensor.name());
            if (tensor.name().endsWith("num_batches_tracked") || tensor.name().contains("running_")) {
                continue;
            }
            float[] values = tensor.init().floats();
            double deviation = deviation(values);
            for (int k = 0; k < values.length; k++) {
                boolean padding = values[k] == 0 && tensor.init().fill().isRandom();
                if (k % 10 != 0 && !padding) {
                    values[k] += (float) (moved * deviation * random.nextGaussian());
                }
            }
            tensors.add(ArrayTensor.of(tensor.name(), tensor.init().shape(), values));
        }
        return new TorchModels(replay, Parameter.of(tensors), names);
    }

    private static double deviation(float[] values) {
        double squares = 0;
        for (float value : values) {
            squares += value * value;
        }
        return Math.max(0.01, Math.sqrt(squares / values.length));
    }

    /** The same in another order. */
    TorchModels sortedByName() {
        List<Parameter> sorted = new ArrayList<>(parameters);
        sorted.sort(java.util.Comparator.comparing(Parameter::name));
        return new TorchModels(replay, sorted, names);
    }

    /** The same with every matrix stored inputs first, which the file does not say. */
    TorchModels transposed() {
        List<Parameter> turned = new ArrayList<>();
        for (Parameter parameter : parameters) {
            TensorShape shape = parameter.shape();
            if (shape.rank() != 2) {
                turned.add(parameter);
                continue;
            }
            float[] values = new float[(int) shape.elements()];
            try {
                parameter.stored().readFloats(0, values, 0, values.length);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            int rows = (int) shape.dim(0);
            int cols = (int) shape.dim(1);
            float[] exchanged = new float[values.length];
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < cols; j++) {
                    exchanged[j * rows + i] = values[i * cols + j];
                }
            }
            ArrayTensor stored = ArrayTensor.of(parameter.name(), TensorShape.of(cols, rows), exchanged);
            turned.add(new Parameter(stored, StoredOrder.OUT_IN, false, parameter.canonicalName(), ""));
        }
        return new TorchModels(replay, turned, names);
    }

    /** The same, every value times a factor, as weight decay makes them: none has its first bits. */
    TorchModels shrunk(float factor) throws java.io.IOException {
        List<ArrayTensor> shrunk = new ArrayList<>();
        for (Parameter parameter : parameters) {
            float[] values = new float[(int) parameter.shape().elements()];
            parameter.stored().readFloats(0, values, 0, values.length);
            for (int k = 0; k < values.length; k++) {
                values[k] *= factor;
            }
            shrunk.add(ArrayTensor.of(parameter.name(), parameter.shape(), values));
        }
        return new TorchModels(replay, Parameter.of(shrunk), names);
    }
}
