package io.detinit.interop.verify;

import io.detinit.generator.Scheme;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Inputs for any model, as a function of a seed: anyone can make the same ones.
 *
 * <p>Sample n of the model's input number k (in the order in which it declares its inputs, from 0) has these elements e, in
 * row-major order:
 *
 * <ul>
 *   <li>floating-point: the float32 weight at (seed, layer k, row n, column e) of the addressable initialisation with the
 *       scheme {@code custom} of std 1, a standard normal; or, for {@link Distribution#UNIFORM}, u = (h >>> 40) / 2^24 in
 *       [0, 1). float16 and bfloat16 inputs get it rounded half to even, double ones as it is;
 *   <li>integers: lowest + (((h >>> 32) * count) >>> 32), of count values: 0 to 255 for U8, -128 to 127 for I8, 0 or 1 for BOOL,
 *       0 to {@code maxInteger} for I16, I32 and I64, since those may be indices into a table of any length;
 * </ul>
 *
 * where h = {@link SplitMix64#bits SplitMix64.bits}(seed, k, n, e).
 *
 * <p>A free axis is 1 unless {@code shapes} says otherwise.
 *
 * @param seed any 64 bits
 * @param distribution how floating-point elements are drawn
 * @param maxInteger the largest integer that an I16, I32 or I64 input gets, in [0, 32767]
 * @param shapes the whole shape, by the input's name, of those whose free axes are not to be 1
 */
public record RandomInputs(long seed, Distribution distribution, int maxInteger, Map<String, List<Long>> shapes) {

    private static final int MOST = 1 << 30;

    /** How floating-point elements are drawn. */
    public enum Distribution {
        /** Mean 0, standard deviation 1. */
        NORMAL,
        /** Uniform in [0, 1). */
        UNIFORM
    }

    /**
     * Copies the map.
     *
     * @throws IllegalArgumentException if an argument is out of range
     */
    public RandomInputs {
        Map<String, List<Long>> copy = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            if (shape.stream().anyMatch(axis -> axis < 0)) {
                throw new IllegalArgumentException(
                        "input '" + name + "' cannot have the shape " + shape + "; axes are at least 0");
            }
            copy.put(name, List.copyOf(shape));
        });
        shapes = copy;
        if (maxInteger < 0 || maxInteger > Short.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "the largest integer is " + maxInteger + "; it must be in [0, " + Short.MAX_VALUE + "]");
        }
    }

    /**
     * Standard normal inputs, integers 0 and 1, free axes 1.
     *
     * @param seed any 64 bits
     * @return how inputs are made
     */
    public static RandomInputs of(long seed) {
        return new RandomInputs(seed, Distribution.NORMAL, 1, Map.of());
    }

    /** The inputs of one model, all axes known. */
    List<FilledInput> fill(String model, List<ModelInput> inputs) {
        checkNames(model, inputs);
        List<FilledInput> filled = new ArrayList<>();
        for (int number = 0; number < inputs.size(); number++) {
            ModelInput input = inputs.get(number);
            List<Long> shape = shape(input);
            filled.add(new FilledInput(
                    input,
                    number,
                    shape.stream().map(axis -> axis < 0 ? 1L : axis).toList()));
        }
        return filled;
    }

    private void checkNames(String model, List<ModelInput> inputs) {
        Set<String> unknown = new HashSet<>(shapes.keySet());
        inputs.forEach(input -> unknown.remove(input.name()));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(model + " has no input '"
                    + unknown.iterator().next() + "'; its inputs are "
                    + inputs.stream().map(ModelInput::name).toList());
        }
    }

    /** The shape that is given, else the declared one, its free axes still -1. */
    List<Long> shape(ModelInput input) {
        List<Long> given = shapes.get(input.name());
        if (given == null) {
            return input.shape();
        }
        List<Long> declared = input.shape();
        boolean fits = declared.isEmpty() || declared.size() == given.size();
        for (int axis = 0; fits && axis < declared.size(); axis++) {
            fits = declared.get(axis) < 0 || declared.get(axis).equals(given.get(axis));
        }
        if (!fits) {
            throw new IllegalArgumentException(
                    "input '" + input.name() + "' has the shape " + declared + " (-1 is free), not " + given);
        }
        return given;
    }

    /** The values of one sample of every input. */
    List<InputValues> sample(String model, List<FilledInput> inputs, int sample) throws MalformedFileException {
        List<InputValues> values = new ArrayList<>();
        for (FilledInput input : inputs) {
            double[] elements = new double[input.elements(model)];
            switch (input.input().dtype()) {
                case F64, F32, F16, BF16 -> floats(input.number(), sample, elements);
                case U8 -> integers(input.number(), sample, 0, 256, elements);
                case I8 -> integers(input.number(), sample, -128, 256, elements);
                case BOOL -> integers(input.number(), sample, 0, 2, elements);
                default -> integers(input.number(), sample, 0, maxInteger + 1, elements);
            }
            values.add(new InputValues(input, elements));
        }
        return values;
    }

    private void floats(int input, int sample, double[] elements) {
        if (elements.length == 0) {
            return;
        }
        if (distribution == Distribution.UNIFORM) {
            for (int e = 0; e < elements.length; e++) {
                elements[e] = (SplitMix64.bits(seed, input, sample, e) >>> 40) * 0x1p-24;
            }
            return;
        }
        float[] normal = new float[elements.length];
        TensorInit init = new TensorInit(seed, input, TensorShape.of(MOST, elements.length), Scheme.custom(1));
        init.fill((long) sample * elements.length, normal, 0, normal.length);
        Scoring.row(normal, 0, elements);
    }

    private void integers(int input, int sample, int lowest, int count, double[] elements) {
        for (int e = 0; e < elements.length; e++) {
            long high = SplitMix64.bits(seed, input, sample, e) >>> 32;
            elements[e] = lowest + ((high * count) >>> 32);
        }
    }
}
