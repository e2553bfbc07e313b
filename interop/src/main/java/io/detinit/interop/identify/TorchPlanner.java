package io.detinit.interop.identify;

import io.detinit.generator.torch.NormalKernel;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchRule;
import io.detinit.generator.torch.TorchStream;
import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Makes the plan of a trained checkpoint whose {@code torch.manual_seed} is known: PyTorch's module rules are tried where names and
 * shapes suggest them, and the weights' correlation with what they would have begun as decides.
 *
 * <p>Immutable; safe for use by many threads, each plan is made by one.
 */
public final class TorchPlanner {

    /** The fewest bits by which builds can be told apart: weights that hardly moved have their first bits by chance too. */
    private static final long CLEAR = 5;

    /** The fewest weights that have to correlate themselves, whatever the rest of their module does. */
    private static final int ENOUGH = 200;

    /** The same for norms, which releases of long ago drew. */
    private static final int FEW = 16;

    /** The z that those must have: by chance one in 700 has. */
    private static final double LEAST = 3;

    /** The fewest weights for which it is worth looking elsewhere. */
    private static final int FEWEST = 60;

    private final long positions;

    /**
     * A planner.
     *
     * @param positions how far into the stream a module is looked for that does not follow the one before it, > 0
     * @throws IllegalArgumentException if that is not positive
     */
    public TorchPlanner(long positions) {
        if (positions < 1) {
            throw new IllegalArgumentException(positions + " positions; at least 1 is needed");
        }
        this.positions = positions;
    }

    /**
     * The positions that suit a model: four times the draws of its parameters, but at least 2^18 and at most 2^20.
     *
     * @param parameters the parameters
     * @return how many
     */
    public static long usualPositions(List<Parameter> parameters) {
        long draws = 0;
        for (Parameter parameter : parameters) {
            draws += Math.min(1L << 20, parameter.shape().elements());
        }
        return Math.max(1L << 18, Math.min(1L << 20, 4 * draws));
    }

    /**
     * Makes the plan.
     *
     * @param parameters the checkpoint's parameters
     * @param names the names of all its tensors, buffers included
     * @param seed the seed
     * @param hint where a search found it; empty if only the seed is known
     * @return the plan and how it came about
     * @throws IOException if reading fails
     */
    public TorchIdentification plan(List<Parameter> parameters, Set<String> names, long seed, Optional<TorchHit> hint)
            throws IOException {
        List<TorchLayer> layers = TorchLayers.of(parameters, names);
        TorchEvidence evidence = new TorchEvidence();
        TorchStream stream = new TorchStream(seed);
        TorchFit fit = new TorchFit(stream, TorchDtype.FLOAT32, evidence);
        Map<TorchLayer, TorchRoute.Stop> stops = new TorchRoute(fit, layers, positions).follow(hint);
        boolean wide = parameters.stream().anyMatch(p -> new TorchTarget(p, false).isWide());
        if (wide && stops.isEmpty()) {
            fit = new TorchFit(stream, TorchDtype.FLOAT64, evidence);
            stops = new TorchRoute(fit, layers, positions).follow(hint);
        }
        Assembly assembly = new Assembly(fit, layers, stops);
        TorchIdentification found = assembly.identification(parameters);
        List<TorchLayer> left = found.isPlaced() ? drawnElsewhere(parameters, found) : List.of();
        if (left.isEmpty()) {
            return found;
        }
        assembly.add(new TorchRoute(fit, left, positions).follow(Optional.empty()));
        return assembly.identification(parameters);
    }

    /** Weights that are not where their modules draw them, each alone: the model's own code may have drawn them, and left their biases. */
    private static List<TorchLayer> drawnElsewhere(List<Parameter> parameters, TorchIdentification found)
            throws IOException {
        List<TorchLayer> layers = new ArrayList<>();
        for (int k = 0; k < parameters.size(); k++) {
            Parameter parameter = parameters.get(k);
            boolean placed = found.placements().get(k).how() != TorchPlacement.How.NOT_PLACED;
            if (!placed
                    && parameter.obstacle().isEmpty()
                    && parameter.shape().rank() > 1
                    && parameter.shape().elements() >= FEWEST) {
                layers.add(TorchLayer.of(parameter.name(), TorchDense.alone(parameter)));
            }
        }
        return layers;
    }

    /** A parameter under one rule. */
    private record Choice(
            TorchTarget target, TorchDraw draw, StreamPosition start, TorchRoute.Stop stop, TorchDraw.Rule rule) {

        boolean isRandom() {
            return draw.fill(rule).isRandom();
        }
    }

    /** From placed modules to a plan. */
    private static final class Assembly {

        private final TorchFit fit;
        private final Map<String, Choice> choices = new HashMap<>();
        private final Map<String, String> reasons = new HashMap<>();
        private final TorchRuleChoice rules;
        private final TorchOwnFamilies families = new TorchOwnFamilies();

        Assembly(TorchFit fit, List<TorchLayer> layers, Map<TorchLayer, TorchRoute.Stop> stops) throws IOException {
            this.fit = fit;
            this.rules = new TorchRuleChoice(fit);
            boolean nothing = stops.isEmpty();
            for (TorchLayer layer : layers) {
                TorchRoute.Stop stop = stops.get(layer);
                if (stop != null) {
                    choose(stop.drawn(), stop);
                } else if (nothing || layer.first().isRandom()) {
                    layer.first()
                            .draws()
                            .forEach(draw -> draw.target()
                                    .ifPresent(target -> reasons.put(
                                            target.name(),
                                            draw.isRandom()
                                                    ? "its weights do not correlate with the seed's stream"
                                                    : "nothing of its module was placed")));
                } else {
                    choose(layer.first(), TorchRoute.Stop.begin(StreamPosition.START));
                }
            }
            decideTogether();
            for (TorchKeptBiases.Kept bias : new TorchKeptBiases(fit, layers).find(stops)) {
                TorchTarget target = bias.target();
                TorchDraw.Rule rule = bias.draw().rules().get(0);
                choices.put(target.name(), new Choice(target, bias.draw(), bias.start(), bias.stop(), rule));
            }
        }

        /** Places tensors anew. */
        void add(Map<TorchLayer, TorchRoute.Stop> stops) throws IOException {
            for (TorchRoute.Stop stop : stops.values()) {
                stop.drawn().draws().stream()
                        .flatMap(draw -> draw.target().stream())
                        .forEach(target -> choices.remove(target.name()));
                choose(stop.drawn(), stop);
            }
            decideTogether();
        }

        private void decideTogether() {
            families.decide()
                    .forEach((layer, rule) -> choices.put(
                            layer.target().name(),
                            new Choice(layer.target(), layer.draw(), layer.start(), layer.stop(), rule)));
        }

        private void choose(TorchLayer.Option option, TorchRoute.Stop stop) throws IOException {
            StreamPosition at = stop.start();
            Optional<TorchDraw.Rule> weight = Optional.empty();
            for (TorchDraw draw : option.draws()) {
                if (draw.target().isPresent()) {
                    TorchTarget target = draw.target().get();
                    if (!draw.isKnown()) {
                        reasons.put(target.name(), "no module of PyTorch has it");
                    } else if (!target.parameter().obstacle().isEmpty()) {
                        reasons.put(target.name(), target.parameter().obstacle());
                    } else {
                        // a bias goes with its weight
                        Optional<TorchDraw.Rule> rule = weight.filter(draw.rules()::contains);
                        if (rule.isEmpty()) {
                            rule = rules.rule(target, draw, at);
                        }
                        weight = rule;
                        if (draw.isAnew() && draw.rules().size() > 1) {
                            TorchRuleChoice.Scale scale = rules.scale(target, draw, at);
                            families.add(new TorchOwnFamilies.Layer(target, draw, at, stop, scale, rule));
                        }
                        if (rule.isPresent()) {
                            choices.put(target.name(), new Choice(target, draw, at, stop, rule.get()));
                        } else {
                            reasons.put(
                                    target.name(),
                                    "its weights correlate at draw " + at.draw()
                                            + " of the stream, but have the scale of no rule that is known");
                        }
                    }
                }
                at = draw.after(at, fit.dtype());
            }
        }

        private TorchInit init(TorchDraw draw, StreamPosition at, TorchDraw.Rule rule, TorchKernels kernels) {
            return new TorchInit(
                    fit.stream().seed(), at, draw.shape(), fit.dtype(), draw.fill(rule), kernels.withEra(rule.era()));
        }

        TorchIdentification identification(List<Parameter> parameters) throws IOException {
            long[] uniforms = identical(false);
            long[] normals = identical(true);
            Optional<TorchVariant> variant = isClear(uniforms[0], uniforms[1])
                    ? Optional.of(TorchVariant.FUSED)
                    : isClear(uniforms[1], uniforms[0]) ? Optional.of(TorchVariant.SEPARATE) : Optional.empty();
            Optional<NormalKernel> normal = isClear(normals[0], normals[1])
                    ? Optional.of(NormalKernel.AVX2)
                    : isClear(normals[1], normals[0]) ? Optional.of(NormalKernel.LIBM) : Optional.empty();
            TorchKernels build = build(variant, normal);
            Map<String, TorchFigures> figures = new HashMap<>();
            for (Choice choice : choices.values()) {
                TorchInit init = init(choice.draw(), choice.start(), choice.rule(), build);
                figures.put(choice.target().name(), TorchFigures.of(choice.target(), init, fit.stream()));
            }
            return identification(parameters, build, figures, variant);
        }

        /**
         * How many weights of uniform tensors, or of normal ones, have their first bits in the build with AVX2 and in the one without;
         * tensors that do not tell them apart are left out, such as those whose bound is a power of two.
         */
        private long[] identical(boolean normals) throws IOException {
            long[] sums = new long[2];
            for (Choice choice : choices.values()) {
                if (choice.isRandom() && choice.draw().isNormal() == normals) {
                    long first = identical(choice, TorchKernels.AVX2);
                    long second = identical(choice, TorchKernels.DEFAULT);
                    sums[0] += first == second ? 0 : first;
                    sums[1] += first == second ? 0 : second;
                }
            }
            return sums;
        }

        private long identical(Choice choice, TorchKernels build) throws IOException {
            TorchInit init = init(choice.draw(), choice.start(), choice.rule(), build);
            return TorchFigures.of(choice.target(), init, fit.stream()).identical();
        }

        /** What the weights say of the build; of what they do not say, what usually goes with it. */
        private static TorchKernels build(Optional<TorchVariant> variant, Optional<NormalKernel> normal) {
            TorchKernels usual =
                    normal.filter(kernel -> kernel == NormalKernel.LIBM).isPresent()
                            ? TorchKernels.DEFAULT
                            : TorchKernels.AVX2;
            TorchKernels known = variant.map(TorchKernels::of).orElse(usual);
            return new TorchKernels(known.variant(), normal.orElse(known.normal()), known.era());
        }

        /** Whether one build explains more bits than another: of the true one's, half are not the other's where uniform, and a
         * quarter or more where normal. */
        private static boolean isClear(long identical, long other) {
            return identical - other >= CLEAR && identical - other > identical / 10;
        }

        private TorchIdentification identification(
                List<Parameter> parameters,
                TorchKernels build,
                Map<String, TorchFigures> figures,
                Optional<TorchVariant> variant) {
            List<TorchPlanned> planned = new ArrayList<>();
            List<TorchPlacement> placements = new ArrayList<>();
            for (Parameter parameter : parameters) {
                Choice choice = choices.get(parameter.name());
                TorchFigures figure = figures.get(parameter.name());
                if (choice == null || figure == null) {
                    placements.add(notPlaced(parameter));
                    continue;
                }
                double z = figure.correlation() * Math.sqrt((double) figure.weights());
                int enough = choice.rule().rule() == TorchRule.BATCH_NORM ? FEW : ENOUGH;
                if (choice.isRandom() && figure.weights() >= enough && !(z >= LEAST)) {
                    reasons.put(
                            parameter.name(),
                            "its module is placed, but its own weights do not correlate with draw "
                                    + choice.start().draw() + ": they were drawn otherwise, or training left no trace");
                    placements.add(notPlaced(parameter));
                    continue;
                }
                planned.add(planned(choice, build));
                placements.add(placement(choice, figure));
            }
            return new TorchIdentification(new TorchPlan(fit.stream().seed(), planned), placements, variant);
        }

        private TorchPlacement notPlaced(Parameter parameter) {
            String other = parameter.obstacle().isEmpty()
                    ? "it belongs to no module that was recognised"
                    : parameter.obstacle();
            String reason = reasons.getOrDefault(parameter.name(), other);
            return new TorchPlacement(
                    parameter.name(), TorchPlacement.How.NOT_PLACED, OptionalLong.empty(), 0, 0, Double.NaN, 1, reason);
        }

        private static TorchPlacement placement(Choice choice, TorchFigures figure) {
            boolean random = choice.isRandom();
            TorchPlacement.How how =
                    choice.stop().isRecognised() ? choice.stop().how() : TorchPlacement.How.NEIGHBOURS;
            return new TorchPlacement(
                    choice.target().name(),
                    random ? how : TorchPlacement.How.CONSTANT,
                    random ? OptionalLong.of(choice.start().draw()) : OptionalLong.empty(),
                    figure.weights(),
                    random ? figure.identical() : figure.equal(),
                    figure.correlation(),
                    random ? choice.stop().pValue() : 1,
                    "");
        }

        private TorchPlanned planned(Choice choice, TorchKernels build) {
            boolean random = choice.isRandom();
            return new TorchPlanned(
                    choice.target().name(),
                    choice.draw().shape(),
                    choice.target().order(),
                    choice.rule().rule(),
                    choice.rule().fan(),
                    choice.rule().scale(),
                    random ? choice.start() : StreamPosition.START,
                    choice.draw().zeroRow(),
                    fit.dtype(),
                    build.withEra(choice.rule().era()));
        }
    }
}
