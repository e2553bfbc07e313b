package io.detinit.cli;

import io.detinit.cli.option.Seed;
import io.detinit.cli.option.UsageException;
import io.detinit.cli.report.Text;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.NameFilter;
import io.detinit.interop.prune.Fill;
import io.detinit.models.ModelSpec;
import io.detinit.training.StepHook;
import io.detinit.training.rule.MaskRule;
import io.detinit.training.rule.ModelMasks;
import io.detinit.training.rule.PullRule;
import io.detinit.training.rule.SleepRule;
import io.detinit.training.rule.StartingModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What training does with the seed in every step, and where it starts. */
final class SeedRuleOptions {

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description =
                    "Start from the weights of this checkpoint (any format) or run folder: fine-tuning. The seed and the "
                            + "schemes are those of its plan, so w0 stays what it was; without a plan give --seed.")
    @Nullable
    Path from;

    @Option(
            names = "--map",
            paramLabel = "FILE=MODEL",
            description =
                    "With --from: which parameter of the model a tensor of the file is, where names and shapes do not "
                            + "tell. May be given several times.")
    Map<String, String> map = new LinkedHashMap<>();

    @Option(
            names = "--masks",
            paramLabel = "M",
            description =
                    "Keep pruned what the masks of this file prune, in every step; a file of 'detinit mask', or its "
                            + "bitmaps.")
    @Nullable
    Path masks;

    @Option(
            names = "--fill",
            paramLabel = "NAME",
            description = "What pruned weights hold: zero (default) or init (their initial values).")
    @Nullable
    String fill;

    @Option(
            names = "--keep-zeros",
            description = "With --from: what is exactly 0 in the file (parameters of rank >= 2) stays 0.")
    boolean keepZeros;

    @Option(
            names = "--sleep",
            paramLabel = "LAMBDA",
            description =
                    "After every update move each weight towards w0 by at most learning rate * LAMBDA (L1, a proximal "
                            + "step): weights that learn less than LAMBDA lie at w0 exactly. Biases and norm scales are left alone.")
    double sleep;

    @Option(
            names = "--pull",
            paramLabel = "LAMBDA",
            description =
                    "Pull weights towards w0 as weight decay pulls them towards 0 (L2): LAMBDA * (w - w0) is added to "
                            + "the gradient, for adamw apart from it.")
    double pull;

    @Option(
            names = "--sleep-include",
            paramLabel = "GLOB",
            description =
                    "--sleep and --pull only for parameters whose name fits, biases among them. May be given several "
                            + "times.")
    List<String> include = new ArrayList<>();

    @Option(
            names = "--sleep-exclude",
            paramLabel = "GLOB",
            description = "Not for parameters whose name fits. May be given several times.")
    List<String> exclude = new ArrayList<>();

    /**
     * What the options come to.
     *
     * @param seed the seed of the run
     * @param rules the schemes
     * @param hooks in their order: starting weights, penalties, masks
     * @param notes one line each, for people
     */
    record Start(long seed, InitRules rules, List<StepHook> hooks, List<String> notes) {}

    /** Reads the files. */
    Start start(ModelSpec model, @Nullable Seed seed, RuleOptions rules) throws IOException {
        check();
        if (from == null && seed == null) {
            throw new UsageException("give --seed S, or --from FILE");
        }
        StartingModel begun = from == null
                ? null
                : StartingModel.read(
                        from, model, seed == null ? OptionalLong.empty() : OptionalLong.of(seed.value()), map);
        List<StepHook> hooks = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        if (begun != null) {
            hooks.add(begun.hook());
            notes.add("starts from " + begun.summary() + ", " + begun.format());
        }
        NameFilter filter = new NameFilter(include, exclude);
        if (pull != 0) {
            hooks.add(new PullRule(pull, filter));
        }
        if (sleep != 0) {
            hooks.add(new SleepRule(sleep, filter));
        }
        Map<String, Mask> kept = masks(begun, model);
        if (!kept.isEmpty()) {
            Fill how = fill == null ? Fill.ZERO : Fill.parse(fill);
            hooks.add(new MaskRule(kept, how));
            notes.add(described(kept, how));
        }
        Optional<InitRules> asked = rules.given() ? Optional.of(rules.parse(model)) : Optional.empty();
        InitRules chosen = begun == null ? rules.parse(model) : begun.rules(asked);
        return new Start(seed(begun, seed), chosen, hooks, notes);
    }

    private void check() {
        if (keepZeros && from == null) {
            throw new UsageException("--keep-zeros needs --from FILE, whose zeros are kept");
        }
        if (!map.isEmpty() && from == null) {
            throw new UsageException("--map needs --from FILE, whose tensors it names");
        }
        if (keepZeros && masks != null) {
            throw new UsageException("give one of --masks and --keep-zeros");
        }
        if (fill != null && masks == null) {
            throw new UsageException("--fill says what the weights hold that --masks M prunes");
        }
        if (sleep == 0 && pull == 0 && !(include.isEmpty() && exclude.isEmpty())) {
            throw new UsageException("--sleep-include and --sleep-exclude need --sleep LAMBDA or --pull LAMBDA");
        }
    }

    private Map<String, Mask> masks(@Nullable StartingModel begun, ModelSpec model) throws IOException {
        if (masks != null) {
            MaskFile file = MaskFile.read(masks);
            return begun == null ? ModelMasks.of(file, model) : begun.masks(file);
        }
        if (!keepZeros || begun == null) {
            return Map.of();
        }
        Map<String, Mask> zeros = begun.zeros();
        if (zeros.isEmpty()) {
            throw new UsageException(begun.file() + " has no weight that is exactly 0: leave --keep-zeros away");
        }
        return zeros;
    }

    private static String described(Map<String, Mask> kept, Fill fill) {
        long all = kept.values().stream().mapToLong(Mask::size).sum();
        long left = kept.values().stream().mapToLong(Mask::kept).sum();
        return Text.format(
                "masks prune %,d of %,d weights (%.1f %%), which hold %s",
                all - left, all, all == 0 ? 0 : 100.0 * (all - left) / all, fill == Fill.ZERO ? "0" : "w0");
    }

    private static long seed(@Nullable StartingModel begun, @Nullable Seed seed) {
        Optional<InitPlan> plan = begun == null ? Optional.empty() : begun.plan();
        if (plan.isPresent()) {
            long own = plan.get().seed();
            if (seed != null && seed.value() != own) {
                throw new UsageException(
                        "--seed " + seed.value() + ": the plan of " + (begun == null ? "" : begun.file())
                                + " has the seed " + own + ", which w0 follows; leave --seed away");
            }
            return own;
        }
        if (seed == null) {
            throw new UsageException((begun == null ? "" : begun.file() + " carries no plan: ") + "give --seed S");
        }
        return seed.value();
    }
}
