package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchRule;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One tensor that a layer's constructor fills.
 *
 * @param target the parameter that holds it; empty where the file does not have what was drawn: a bias that was set to zero
 *     afterwards, or that a BatchNorm has swallowed
 * @param shape its shape
 * @param rules the rules that it may have been filled by: all take the same draws and differ in scale; the likeliest first
 * @param zeroRow a padding row
 */
record TorchDraw(Optional<TorchTarget> target, TensorShape shape, List<Rule> rules, OptionalLong zeroRow)
        implements Serializable {

    /**
     * A rule with what it needs.
     *
     * @param rule the rule
     * @param fan the fan, {@link TorchRule#NO_FAN} if it has none
     * @param scale the bound or standard deviation, {@link TorchRule#NO_SCALE} if it has none
     * @param era the releases it is of
     */
    record Rule(TorchRule rule, long fan, double scale, TorchEra era) implements Serializable {

        static Rule of(TorchRule rule, long fan) {
            return of(rule, fan, TorchEra.V1_2);
        }

        static Rule of(TorchRule rule, long fan, TorchEra era) {
            return new Rule(rule, fan, TorchRule.NO_SCALE, era);
        }

        static Rule scaled(TorchRule rule, double scale) {
            return new Rule(rule, TorchRule.NO_FAN, scale, TorchEra.V1_2);
        }

        /** Whether only a model's own code fills a weight by it. */
        boolean isOwn() {
            return switch (rule) {
                case XAVIER_UNIFORM, XAVIER_NORMAL, KAIMING_UNIFORM, KAIMING_NORMAL, UNIFORM, NORMAL -> true;
                default -> false;
            };
        }
    }

    static TorchDraw of(TorchTarget target, List<Rule> rules) {
        return new TorchDraw(Optional.of(target), target.shape(), rules, OptionalLong.empty());
    }

    static TorchDraw of(TorchTarget target, TorchRule rule, long fan) {
        return of(target, List.of(Rule.of(rule, fan)));
    }

    /** A tensor that is drawn and then thrown away. */
    static TorchDraw discarded(TensorShape shape, TorchRule rule, long fan) {
        return new TorchDraw(Optional.empty(), shape, List.of(Rule.of(rule, fan)), OptionalLong.empty());
    }

    TorchDraw withZeroRow(long row) {
        return new TorchDraw(target, shape, rules, OptionalLong.of(row));
    }

    /** The same, the weights that matter in memory. */
    TorchDraw inMemory() throws IOException {
        return target.isEmpty() || !isRandom()
                ? new TorchDraw(Optional.empty(), shape, rules, zeroRow)
                : new TorchDraw(Optional.of(target.get().inMemory()), shape, rules, zeroRow);
    }

    /** What is sent in its place: optional values cannot be. */
    private record Form(
            @Nullable TorchTarget target,
            TensorShape shape,
            List<Rule> rules,
            @Nullable Long zeroRow) implements Serializable {

        private Object readResolve() {
            return new TorchDraw(
                    Optional.ofNullable(target),
                    shape,
                    rules,
                    zeroRow == null ? OptionalLong.empty() : OptionalLong.of(zeroRow));
        }
    }

    private Object writeReplace() {
        return new Form(
                target.orElse(null),
                shape,
                new ArrayList<>(rules),
                zeroRow.isPresent() ? (Long) zeroRow.getAsLong() : null);
    }

    TorchFill fill(Rule rule) {
        TorchFill fill = rule.rule().fill(shape, rule.fan(), rule.scale(), rule.era());
        return zeroRow.isPresent() ? new TorchFill.ZeroRow(fill, zeroRow.getAsLong()) : fill;
    }

    /** A parameter of no known module: nothing is drawn for it. */
    static TorchDraw unknown(TorchTarget target) {
        return of(target, List.of());
    }

    boolean isKnown() {
        return !rules.isEmpty();
    }

    TorchFill fill() {
        return isKnown() ? fill(rules.get(0)) : new TorchFill.Constant(0);
    }

    boolean isRandom() {
        return fill().isRandom();
    }

    /** Whether code outside the module is taken to have drawn it, once more. */
    boolean isAnew() {
        return isKnown() && rules.get(0).isOwn();
    }

    boolean isNormal() {
        return fill() instanceof TorchFill.Normal
                || (fill() instanceof TorchFill.ZeroRow zero && zero.fill() instanceof TorchFill.Normal);
    }

    StreamPosition after(StreamPosition start, TorchDtype dtype) {
        return fill().after(start, shape.elements(), dtype, TorchEra.V1_2);
    }
}
