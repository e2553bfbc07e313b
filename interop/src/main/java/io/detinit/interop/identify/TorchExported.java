package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchRule;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.ArrayTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Recurrent networks of ONNX models, taken apart into the tensors that PyTorch has: W {@code [directions, gates * hidden, input]}, R
 * {@code [directions, gates * hidden, hidden]} and B {@code [directions, 2 * gates * hidden]}, whose gates ONNX orders otherwise. They
 * serve as evidence; a plan cannot say that order.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchExported {

    private static final String OBSTACLE = "ONNX ";

    /** The most elements that are rearranged in memory. */
    private static final long MOST = 1L << 24;

    private TorchExported() {}

    static boolean isRecurrent(Parameter parameter) {
        return parameter.obstacle().startsWith(OBSTACLE);
    }

    /** The layers of the graph's LSTM, GRU and RNN nodes: each has its W, R and B, one after the other. */
    static List<TorchLayer> recurrent(List<Parameter> parameters) throws IOException {
        List<Parameter> exported =
                parameters.stream().filter(TorchExported::isRecurrent).toList();
        List<TorchLayer> layers = new ArrayList<>();
        for (int k = 0; k + 1 < exported.size(); k++) {
            Parameter w = exported.get(k);
            Parameter r = exported.get(k + 1);
            if (!fit(w, r)) {
                continue;
            }
            boolean biased = k + 2 < exported.size() && fitsBias(w, exported.get(k + 2));
            List<TorchDraw> draws = new ArrayList<>();
            for (int direction = 0; direction < w.shape().dim(0); direction++) {
                add(draws, w, r, direction);
                if (biased) {
                    addBias(draws, w, r, exported.get(k + 2), direction);
                }
            }
            layers.add(TorchLayer.of(w.name(), List.of(draws)));
            k += biased ? 2 : 1;
        }
        return layers;
    }

    private static boolean fit(Parameter w, Parameter r) {
        TensorShape ws = w.shape();
        TensorShape rs = r.shape();
        boolean shaped = ws.rank() == 3 && rs.rank() == 3 && ws.elements() > 0 && rs.elements() > 0;
        return shaped
                && ws.elements() <= MOST
                && rs.elements() <= MOST
                && ws.dim(0) == rs.dim(0)
                && ws.dim(1) == rs.dim(1)
                && ws.dim(1) == rs.dim(2) * order(w).length;
    }

    private static boolean fitsBias(Parameter w, Parameter b) {
        TensorShape shape = b.shape();
        return shape.rank() == 2
                && shape.dim(0) == w.shape().dim(0)
                && shape.dim(1) == 2 * w.shape().dim(1);
    }

    /** For each gate of PyTorch's, which one of ONNX's it is. */
    private static int[] order(Parameter parameter) {
        if (parameter.obstacle().startsWith(OBSTACLE + "LSTM")) {
            return new int[] {0, 2, 3, 1}; // input, forget, cell, output of input, output, forget, cell
        }
        return parameter.obstacle().startsWith(OBSTACLE + "GRU") ? new int[] {1, 0, 2} : new int[] {0};
    }

    private static TorchRule rule(Parameter parameter) {
        return switch (order(parameter).length) {
            case 4 -> TorchRule.LSTM;
            case 3 -> TorchRule.GRU;
            default -> TorchRule.RNN;
        };
    }

    private static void add(List<TorchDraw> draws, Parameter w, Parameter r, int direction) throws IOException {
        long hidden = r.shape().dim(2);
        for (Parameter parameter : List.of(w, r)) {
            int width = Math.toIntExact(parameter.shape().dim(2));
            long rows = parameter.shape().dim(1);
            float[] values = rearranged(parameter, direction * rows * width, Math.toIntExact(hidden * width));
            draws.add(draw(parameter, direction, TensorShape.of(rows, width), values, hidden));
        }
    }

    private static void addBias(List<TorchDraw> draws, Parameter w, Parameter r, Parameter b, int direction)
            throws IOException {
        long hidden = r.shape().dim(2);
        long rows = w.shape().dim(1);
        for (int half = 0; half < 2; half++) {
            float[] values = rearranged(b, (2L * direction + half) * rows, Math.toIntExact(hidden));
            draws.add(draw(b, 2 * direction + half, TensorShape.of(rows), values, hidden));
        }
    }

    /** Gates of so many elements, from one element on, in PyTorch's order. */
    private static float[] rearranged(Parameter parameter, long from, int gate) throws IOException {
        int[] order = order(parameter);
        float[] values = new float[order.length * gate];
        for (int k = 0; k < order.length; k++) {
            parameter.stored().readFloats(from + (long) order[k] * gate, values, k * gate, gate);
        }
        return values;
    }

    private static TorchDraw draw(Parameter from, int part, TensorShape shape, float[] values, long hidden) {
        ArrayTensor tensor = ArrayTensor.of(from.name() + " part " + part, shape, values);
        Parameter taken = new Parameter(tensor, from.order(), true, from.canonicalName() + " part " + part, "");
        return TorchDraw.of(new TorchTarget(taken, false), rule(from), hidden);
    }
}
