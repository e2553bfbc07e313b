package io.detinit.interop.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.SymbolBlock;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.GhostBatchNorm;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** Goes through a tree of Blocks in the order of execution: containers child by child, other Blocks followed as a whole. */
final class BlockWalker {

    private static final Device CPU = Device.cpu();

    private final Tracer tracer;
    private final ConverterRegistry converters;

    BlockWalker(Tracer tracer, ConverterRegistry converters) {
        this.tracer = tracer;
        this.converters = converters;
    }

    /**
     * Follows a Block.
     *
     * @param inputs traced arrays; a Block may add to it
     * @param place where the Block stands
     * @return traced arrays
     */
    NDList walk(Block block, NDList inputs, String place) {
        tracer.enter(place);
        Optional<BlockConverter<?>> converter = converters.find(block);
        if (converter.isPresent()) {
            return convert(converter.get(), block, inputs);
        }
        if (block instanceof SymbolBlock) {
            throw new UnsupportedBlockException(
                    place,
                    "a model that DJL loaded from a file of an engine (TorchScript), whose forward lies inside the engine,"
                            + " cannot be converted",
                    "read its weights with 'inspect', bring its masks to another file with 'transfer'");
        }
        if (block instanceof SequentialBlock sequential && isPlain(block, SequentialBlock.class)) {
            return sequence(sequential, inputs, place);
        }
        if (block instanceof ParallelBlock parallel && isPlain(block, ParallelBlock.class)) {
            return parallel(parallel, inputs, place);
        }
        converters.below(block).ifPresent(child -> {
            throw new UnsupportedBlockException(
                    place,
                    name(block) + " is followed as a whole, so that the converter of its child " + child
                            + " is not asked",
                    UnsupportedBlockException.REGISTER);
        });
        return follow(block, inputs);
    }

    /** Whether a Block runs as this class does. */
    private static boolean isPlain(Block block, Class<? extends Block> kind) {
        for (Class<?> type = block.getClass(); type != kind && type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().startsWith("forward")) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String below(String place, String child) {
        return place.isEmpty() ? child : place + "/" + child;
    }

    private NDList sequence(SequentialBlock block, NDList inputs, String place) {
        NDList current = inputs;
        NDList all = new NDList();
        for (Pair<String, Block> child : block.getChildren()) {
            current = walk(child.getValue(), current, below(place, child.getKey()));
            all.addAll(current);
        }
        return block.isReturnIntermediate() ? all : current;
    }

    private NDList parallel(ParallelBlock block, NDList inputs, String place) {
        List<NDList> outputs = new ArrayList<>();
        for (Pair<String, Block> child : block.getChildren()) {
            outputs.add(walk(child.getValue(), inputs, below(place, child.getKey())));
        }
        tracer.enter(place);
        @SuppressWarnings("unchecked")
        Function<List<NDList>, NDList> function =
                (Function<List<NDList>, NDList>) field(block, ParallelBlock.class, "function");
        return guarded(block, inputs, () -> function.apply(outputs));
    }

    /** DJL keeps some settings to itself. */
    private static Object field(Block block, Class<?> type, String name) {
        try {
            Field field = type.getDeclaredField(name);
            field.setAccessible(true);
            return field.get(block);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of DJL has no field " + type.getName() + "." + name, e);
        }
    }

    private NDList follow(Block block, NDList inputs) {
        if (block instanceof GhostBatchNorm ghost) {
            return guarded(block, inputs, () -> ghost(ghost, inputs));
        }
        return guarded(block, inputs, () -> block.forward(tracer.store(), inputs, false));
    }

    /** As inference: the running statistics are the same for every virtual batch. */
    private NDList ghost(GhostBatchNorm block, NDList inputs) {
        Map<String, Parameter> parameters = block.getDirectParameters().toMap();
        ParameterStore store = tracer.store();
        return BatchNorm.batchNorm(
                inputs.singletonOrThrow(),
                store.getValue(parameter(parameters, "runningMean"), CPU, false),
                store.getValue(parameter(parameters, "runningVar"), CPU, false),
                store.getValue(parameter(parameters, "gamma"), CPU, false),
                store.getValue(parameter(parameters, "beta"), CPU, false),
                (Integer) field(block, BatchNorm.class, "axis"),
                0.9f,
                (Float) field(block, BatchNorm.class, "epsilon"),
                false);
    }

    private static Parameter parameter(Map<String, Parameter> parameters, String name) {
        return Objects.requireNonNull(parameters.get(name), name);
    }

    private NDList guarded(Block block, NDList inputs, Supplier<NDList> forward) {
        String shapes = Arrays.toString(inputs.getShapes());
        try {
            return forward.get();
        } catch (IllegalArgumentException e) {
            if (String.valueOf(e.getMessage()).startsWith(UnsupportedBlockException.label(tracer.place()))) {
                throw named(block, e);
            }
            throw failed(block, shapes, e);
        } catch (RuntimeException e) {
            throw failed(block, shapes, e);
        }
    }

    /** A lambda goes by its name in messages. */
    private IllegalArgumentException named(Block block, IllegalArgumentException e) {
        if (!(e instanceof UnsupportedBlockException)
                || String.valueOf(e.getMessage()).contains(name(block))) {
            return e;
        }
        String text = String.valueOf(e.getMessage());
        int what = UnsupportedBlockException.label(tracer.place()).length() + 2;
        int advice = text.lastIndexOf("; ");
        UnsupportedBlockException named = new UnsupportedBlockException(
                tracer.place(), name(block) + ": " + text.substring(what, advice), text.substring(advice + 2));
        named.initCause(e);
        return named;
    }

    private IllegalArgumentException failed(Block block, String shapes, RuntimeException e) {
        return new IllegalArgumentException(
                UnsupportedBlockException.label(tracer.place()) + ": " + name(block)
                        + ": DJL's own forward fails on inputs of the shapes " + shapes
                        + " (the first axis is a batch): "
                        + e.getMessage(),
                e);
    }

    private static String name(Block block) {
        return block instanceof LambdaBlock lambda
                ? "the LambdaBlock '" + lambda.getName() + "'"
                : block.getClass().getName();
    }

    private <B extends Block> NDList convert(BlockConverter<B> converter, Block block, NDList inputs) {
        NDList real = run(block, inputs);
        List<String> names = new ArrayList<>();
        if (tracer.isFirstRun()) {
            real.forEach(array -> names.add(tracer.graph().newValue()));
        } else {
            List<OnnxValue> values = new ArrayList<>();
            for (NDArray input : inputs) {
                TracedArray traced = tracer.traced(input);
                values.add(new OnnxValue(traced.value(), tracer.shape(traced), tracer.modelType(traced.type())));
            }
            names.addAll(converter.convert(converter.blockType().cast(block), values, new ConversionContext(tracer)));
        }
        if (names.size() != real.size()) {
            throw new UnsupportedBlockException(
                    tracer.place(),
                    "the converter " + converter.getClass().getName() + " gives " + names.size()
                            + " outputs, the Block " + real.size(),
                    "return as many as the Block's forward");
        }
        NDList outputs = new NDList();
        for (int k = 0; k < names.size(); k++) {
            outputs.add(tracer.value(real.get(k), names.get(k)).proxy());
        }
        return outputs;
    }

    /** What a Block that is converted gives: the engine runs it, or its output shapes are asked for. */
    private NDList run(Block block, NDList inputs) {
        NDList real = new NDList();
        inputs.forEach(input -> real.add(Call.real(input)));
        try {
            return block.forward(tracer.realStore(), real, false);
        } catch (UnsupportedOperationException e) {
            NDList outputs = new NDList();
            for (Shape shape : block.getOutputShapes(real.getShapes())) {
                outputs.add(tracer.engine().zeros(shape));
            }
            return outputs;
        }
    }
}
