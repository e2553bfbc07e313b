package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchVariant;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Tells by which of the rules that take the same draws a tensor was filled: the one that explains most bits; where training left none, the one
 * whose scale the weights have.
 *
 * <p>For one thread.
 */
final class TorchRuleChoice {

    /** A correlation above which the scale of the weights is that of their initial values. */
    private static final double SURE = 0.95;

    /** The same where many rules are possible: training changes the scale by up to the root of 1 - r^2. */
    private static final double UNCHANGED = 0.995;

    /** The fewest weights whose scale can tell between rules of a module. */
    private static final int FEWEST = 60;

    /** The fewest weights whose scale can speak against all rules of a module. */
    private static final int MANY = 500;

    /** How far a rule's scale may be off, as a logarithm. */
    private static final double NEAR = 0.1;

    /** How far the usual rule's scale has to be off before another one is thought of. */
    private static final double FAR = 0.3;

    /** How far off it may be at most, even where training has moved the weights so far that their scale says little. */
    private static final double HOPELESS = 1;

    /** How much nearer a rule has to be whose scale is a number. */
    private static final double NAMELESS = 0.02;

    private final TorchFit fit;

    TorchRuleChoice(TorchFit fit) {
        this.fit = fit;
    }

    /** How the weights compare with what one rule draws. */
    private record Compared(TorchDraw.Rule rule, long identical, double correlation, double off) {

        boolean sure() {
            return correlation > SURE;
        }

        /** How far off, where rules that have a name are thought of first: the gains of relu and of leaky relu hardly differ. */
        double unlikeliness() {
            return off + (rule.rule().needsScale() ? NAMELESS : 0);
        }

        boolean isNear() {
            return sure() && off < TorchOwnRules.tolerance(rule, NEAR);
        }
    }

    /** The rule of a tensor that begins at a place on the stream; empty where clearly none of them was it, or of a model's own where several may be. */
    Optional<TorchDraw.Rule> rule(TorchTarget target, TorchDraw draw, StreamPosition at) throws IOException {
        boolean own = draw.isAnew() && draw.rules().size() > 1;
        long elements = target.shape().elements();
        TorchDraw.Rule usual = draw.rules().get(0);
        if (!draw.isRandom() || (!own && elements < FEWEST)) {
            return Optional.of(usual);
        }
        List<Compared> all = new ArrayList<>();
        for (TorchDraw.Rule rule : draw.rules()) {
            for (TorchVariant variant : TorchVariant.values()) {
                all.add(compared(target, draw, at, rule, variant));
            }
        }
        Compared best = all.get(0);
        for (Compared next : all) {
            best = next.identical() > best.identical() ? next : best;
        }
        if (best.identical() > 0) {
            return Optional.of(best.rule());
        }
        Optional<TorchDraw.Rule> near = all.stream()
                .filter(Compared::isNear)
                .min(Comparator.comparingDouble(Compared::unlikeliness))
                .map(Compared::rule);
        if (own) {
            return near.filter(rule -> all.get(0).correlation() > UNCHANGED);
        }
        if (all.get(0).off() > FAR && near.isPresent()) {
            return near;
        }
        if (all.get(0).off() > HOPELESS) {
            return Optional.empty();
        }
        boolean strange = elements >= MANY
                && all.stream().anyMatch(Compared::sure)
                && all.stream().noneMatch(compared -> compared.sure() && compared.off() <= FAR);
        return strange ? Optional.empty() : Optional.of(usual);
    }

    /**
     * The scale that a tensor was drawn with.
     *
     * @param std the standard deviation
     * @param tolerance how far that may be off, as a logarithm
     */
    record Scale(double std, double tolerance) {}

    /** The scale that a tensor was drawn with, as far as its weights tell. */
    Scale scale(TorchTarget target, TorchDraw draw, StreamPosition at) throws IOException {
        TorchInit init = init(draw, at, draw.rules().get(0), TorchVariant.FUSED);
        TorchFigures figures = TorchFigures.of(target, init, fit.stream());
        double r = figures.correlation();
        return new Scale(figures.slope() * TorchFit.deviation(init.fill()), Math.sqrt(Math.max(0, 1 - r * r)));
    }

    private Compared compared(
            TorchTarget target, TorchDraw draw, StreamPosition at, TorchDraw.Rule rule, TorchVariant variant)
            throws IOException {
        TorchFigures figures = TorchFigures.of(target, init(draw, at, rule, variant), fit.stream());
        return new Compared(rule, figures.identical(), figures.correlation(), Math.abs(Math.log(figures.slope())));
    }

    private TorchInit init(TorchDraw draw, StreamPosition at, TorchDraw.Rule rule, TorchVariant variant) {
        return new TorchInit(
                fit.stream().seed(),
                at,
                draw.shape(),
                fit.dtype(),
                draw.fill(rule),
                TorchKernels.of(variant).withEra(rule.era()));
    }
}
