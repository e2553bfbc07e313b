package io.detinit.models;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A block whose parameters are bound to addressed initializers: layer ids 0, 1, 2, ... over the randomly initialised
 * parameters in state-dict order.
 *
 * <p>As thread-safe as the block.
 */
public final class Seeding {

    /** PyTorch's default slope of a PReLU. */
    private static final Scheme PRELU_SLOPE = Scheme.constant(0.25);

    private final long seed;
    private final Map<String, Parameter> parameters;
    private final Map<String, AddressedInitializer> initializers;

    private Seeding(long seed, Map<String, Parameter> parameters, Map<String, AddressedInitializer> initializers) {
        this.seed = seed;
        this.parameters = parameters;
        this.initializers = initializers;
    }

    /**
     * Seeds a block: binds the initializers, initialises the block and returns its plan.
     *
     * @param block any block that is not initialised
     * @param seed the seed
     * @param rules which scheme a parameter gets
     * @param manager owns the parameters, and names their device
     * @param dataType float32, float16 or float64
     * @param inputShapes the block's input shapes, batch axis included
     * @return the plan
     * @throws IllegalStateException if the block is initialised already
     * @throws IllegalArgumentException if a scheme does not fit a parameter; the message names it
     */
    public static InitPlan seed(
            Block block, long seed, InitRules rules, NDManager manager, DataType dataType, Shape... inputShapes) {
        Seeding seeding = bind(block, seed, rules);
        block.initialize(manager, dataType, inputShapes);
        return seeding.plan();
    }

    /**
     * Binds the initializers and leaves the initialisation to others, such as DJL's Trainer.
     *
     * @param block any block that is not initialised
     * @param seed the seed
     * @param rules which scheme a parameter gets
     * @return the bound block, to ask for the plan when it is initialised
     * @throws IllegalStateException if a parameter is initialised already
     */
    public static Seeding bind(Block block, long seed, InitRules rules) {
        Map<String, Parameter> parameters = ParameterNames.of(block);
        Map<String, AddressedInitializer> initializers = new LinkedHashMap<>();
        long layer = 0;
        for (Map.Entry<String, Parameter> entry : parameters.entrySet()) {
            String name = entry.getKey();
            Parameter parameter = entry.getValue();
            if (parameter.isInitialized()) {
                throw new IllegalStateException("parameter '" + name
                        + "' has values already; seed the block before it is initialised, or call clear() first");
            }
            Scheme scheme = scheme(name, parameter, rules);
            long id = scheme.isRandom() ? layer++ : PlannedTensor.NO_LAYER;
            AddressedInitializer initializer = new AddressedInitializer(name, seed, id, scheme);
            parameter.setInitializer(initializer);
            initializers.put(name, initializer);
        }
        return new Seeding(seed, parameters, initializers);
    }

    private static Scheme scheme(String name, Parameter parameter, InitRules rules) {
        return rules.find(name).orElseGet(() -> switch (parameter.getType()) {
            case BIAS, BETA, RUNNING_MEAN -> Scheme.ZEROS;
            case GAMMA, RUNNING_VAR -> Scheme.ONES;
            case WEIGHT, OTHER -> isSlope(parameter) ? PRELU_SLOPE : rules.weights();
        });
    }

    /** DJL's Prelu declares its scalar slope as a weight. */
    private static boolean isSlope(Parameter parameter) {
        Shape shape = parameter.getShape();
        return parameter.getName().equals("alpha") && shape != null && shape.isScalar();
    }

    /** {@return the parameters by their stable names, in state-dict order} */
    public Map<String, Parameter> parameters() {
        return java.util.Collections.unmodifiableMap(parameters);
    }

    /**
     * The plan of the bound block.
     *
     * @return what every parameter was initialised with
     * @throws IllegalStateException if the block is not initialised, so that shapes are unknown
     */
    public InitPlan plan() {
        List<PlannedTensor> tensors = new ArrayList<>();
        parameters.forEach((name, parameter) -> {
            AddressedInitializer initializer = initializers.get(name);
            Shape shape = parameter.getShape();
            if (shape == null || initializer == null) {
                throw new IllegalStateException(
                        "parameter '" + name + "' is not initialised yet; its shape is unknown");
            }
            tensors.add(new PlannedTensor(
                    name, TensorShape.of(shape.getShape()), initializer.layer(), initializer.scheme()));
        });
        return new InitPlan(seed, tensors);
    }
}
