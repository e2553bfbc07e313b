package io.detinit.models;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import ai.djl.nn.core.Prelu;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.util.Pair;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The role of every parameter of a block, and the schemes that follow from it. The block is walked from its output to its input; what
 * a layer's outputs meet first (through norms, pooling, dropout, flattening and sums, which change no role) decides it. The
 * children of a block that is no ParallelBlock are taken to run one after another in the order in which they were added.
 *
 * <p>A parameter that is used twice has the role of its first use.
 *
 * <p>Stateless; safe for use by many threads, as far as the blocks are.
 */
public final class Roles {

    private final IdentityHashMap<Parameter, Role> roles = new IdentityHashMap<>();
    private final IdentityHashMap<Parameter, Long> attentionWidths = new IdentityHashMap<>();

    private Roles(Block block) {
        visit(block, Meets.OUTPUT);
    }

    /**
     * The roles.
     *
     * @param block any block, initialised or not
     * @return the role of each parameter, by the names and in the order of {@link ParameterNames}
     */
    public static Map<String, Role> of(Block block) {
        Roles found = new Roles(block);
        Map<String, Role> named = new LinkedHashMap<>();
        ParameterNames.of(block).forEach((name, parameter) -> named.put(name, found.role(parameter)));
        return named;
    }

    /**
     * The schemes by role.
     *
     * @param block any block, initialised or not
     * @return he, and a rule by name for each parameter whose role asks for another scheme
     */
    public static InitRules rules(Block block) {
        return rules(block, InitRules.he());
    }

    /**
     * The schemes by role, after rules that come first.
     *
     * @param block any block, initialised or not
     * @param first rules that come before those by role
     * @return those rules, and one by name for each parameter that none of them fits and whose role asks for another scheme than their
     *     default one
     */
    public static InitRules rules(Block block, InitRules first) {
        Roles found = new Roles(block);
        InitRules rules = first;
        for (Map.Entry<String, Parameter> entry : ParameterNames.of(block).entrySet()) {
            Role role = found.role(entry.getValue());
            boolean usual = role == Role.NORM || role == Role.BIAS || role == Role.SLOPE;
            if (!usual && first.find(entry.getKey()).isEmpty()) {
                Scheme scheme = found.scheme(entry.getValue(), role);
                if (!scheme.equals(first.weights())) {
                    rules = rules.with(entry.getKey(), scheme);
                }
            }
        }
        return rules;
    }

    private Scheme scheme(Parameter parameter, Role role) {
        return switch (role) {
            case BEFORE_RELU -> Scheme.HE;
            case BEFORE_SELU, INPUT_TO_HIDDEN, EMBEDDING -> Scheme.LECUN;
            case BEFORE_SIGMOID, LINEAR, OUTPUT -> Scheme.XAVIER;
            case RECURRENT -> Scheme.orthogonalBlocks(Scheme.LECUN);
            case ATTENTION_QKV -> Scheme.custom(1 / Math.sqrt(attentionWidths.getOrDefault(parameter, 1L)));
            case NORM, SLOPE, BIAS -> throw new IllegalStateException(role + " follows from the parameter's type");
        };
    }

    private Role role(Parameter parameter) {
        Role role = roles.get(parameter);
        return role == null ? byType(parameter, Role.LINEAR) : role;
    }

    private static Role byType(Parameter parameter, Role weight) {
        return switch (parameter.getType()) {
            case BIAS -> Role.BIAS;
            case GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR -> Role.NORM;
            case WEIGHT, OTHER -> weight;
        };
    }

    /** Gives the parameters of a block their roles; returns what the block's inputs meet first. */
    private Meets visit(Block block, Meets next) {
        if (block instanceof LambdaBlock lambda) {
            return Meets.of(lambda, next);
        }
        if (block instanceof Prelu) {
            own(block, Role.SLOPE);
            return Meets.RELU;
        }
        if (block instanceof Linear || block instanceof Convolution) {
            own(block, next.role());
            return Meets.LAYER;
        }
        if (block instanceof BatchNorm || block instanceof LayerNorm) {
            own(block, Role.NORM);
            return next;
        }
        if (block instanceof Embedding) {
            own(block, Role.EMBEDDING);
            return Meets.LAYER;
        }
        if (block instanceof RecurrentBlock) {
            for (Pair<String, Parameter> pair : block.getDirectParameters()) {
                boolean hidden = pair.getKey().contains("h2h");
                give(pair.getValue(), hidden ? Role.RECURRENT : Role.INPUT_TO_HIDDEN);
            }
            return Meets.LAYER;
        }
        if (block instanceof ScaledDotProductAttentionBlock attention) {
            visit(attention.getResultProjection(), next);
            for (Linear projection : List.of(
                    attention.getValueProjection(), attention.getQueryProjection(), attention.getKeyProjection())) {
                own(projection, Role.ATTENTION_QKV);
                long width = projection.getOutputShapes(new Shape[] {new Shape(1, 1)})[0].get(1);
                projection.getDirectParameters().forEach(pair -> attentionWidths.put(pair.getValue(), width));
            }
            return Meets.LAYER;
        }
        return block instanceof ParallelBlock ? branches(block, next) : sequence(block, next);
    }

    private Meets branches(Block block, Meets next) {
        Meets first = Meets.OUTPUT;
        for (Pair<String, Block> branch : block.getChildren()) {
            first = first.or(visit(branch.getValue(), next));
        }
        own(block, next.role());
        return first;
    }

    private Meets sequence(Block block, Meets next) {
        List<Block> children = block.getChildren().values();
        Meets meets = next;
        for (int k = children.size() - 1; k >= 0; k--) {
            meets = visit(children.get(k), meets);
        }
        boolean weighted = false;
        for (Pair<String, Parameter> pair : block.getDirectParameters()) {
            weighted |= byType(pair.getValue(), Role.LINEAR) == Role.LINEAR;
        }
        own(block, next.role());
        return weighted ? Meets.LAYER : meets;
    }

    private void own(Block block, Role weight) {
        block.getDirectParameters().forEach(pair -> give(pair.getValue(), weight));
    }

    private void give(Parameter parameter, Role weight) {
        roles.put(parameter, byType(parameter, weight));
    }
}
