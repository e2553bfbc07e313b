package io.detinit.training.rule;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.load.LoadReport;
import io.detinit.interop.load.LoadReport.Loaded;
import io.detinit.interop.load.StateDict;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskFit;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.models.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A checkpoint read as the parameters of a reference model, to train it further.
 *
 * <p>Immutable but for the arrays; safe for use by many threads that leave those alone.
 *
 * @param file the checkpoint
 * @param format its format
 * @param model the model
 * @param values float32 elements by the model's names, outputs first, row-major; 16-bit values are exact, float64 is rounded
 * @param origins which parameter of the model a tensor of the file is, by the file's names
 * @param plan the initial values that the file's plan gives, in the model's names and order; empty where it carries no plan
 * @param summary one line, which parameters were found and how
 */
public record StartingModel(
        Path file,
        String format,
        ModelSpec model,
        Map<String, float[]> values,
        Map<String, Origin> origins,
        Optional<InitPlan> plan,
        String summary) {

    private static final String RUN_MODEL = "model.safetensors";

    /**
     * A parameter found in a file.
     *
     * @param name the model's name of it
     * @param order which way round the file keeps it
     */
    public record Origin(String name, StoredOrder order) {}

    /**
     * Reads a checkpoint.
     *
     * @param path a file of any format that is read, or a folder: that of a run (its {@code model.safetensors} is read), or of
     *     shards
     * @param model the model
     * @param seed the seed of the initial values where the file carries no plan; parameters that names, shapes and places do not
     *     tell apart are known by them
     * @return the model's parameters, all of them
     * @throws MalformedFileException if the file is malformed, or does not hold exactly the model's parameters, or one of them in
     *     another form (a BatchNorm folded into it, gates in another order), or its plan is no addressed one
     * @throws io.detinit.generator.InvalidPlanException if its plan belongs to another model
     * @throws IOException if reading fails
     */
    public static StartingModel read(Path path, ModelSpec model, OptionalLong seed) throws IOException {
        return read(path, model, seed, Map.of());
    }

    /**
     * Reads a checkpoint some tensors of which have foreign names.
     *
     * @param path as {@link #read(Path, ModelSpec, OptionalLong)}
     * @param model the model
     * @param seed as there
     * @param names the model's names of tensors, by their names in the file; the others are matched as ever
     * @return the model's parameters, all of them
     * @throws MalformedFileException as there
     * @throws IllegalArgumentException if the map names a tensor that the file, or a parameter that the model does not have
     * @throws IOException if reading fails
     */
    public static StartingModel read(Path path, ModelSpec model, OptionalLong seed, Map<String, String> names)
            throws IOException {
        Path inRun = path.resolve(RUN_MODEL);
        Path file = Files.isDirectory(path) && Files.isRegularFile(inRun) ? inRun : path;
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            Optional<Plan> plan = Checkpoints.plan(checkpoint);
            long known = plan.map(Plan::seed).orElse(seed.orElse(0));
            ModelParameters parameters = ModelParameters.of(model, known, InitRules.he());
            LoadReport report = StateDict.of(checkpoint).withNames(names).match(parameters.targets());
            requireComplete(report, model);
            Map<String, float[]> values = new LinkedHashMap<>();
            Map<String, Origin> origins = new LinkedHashMap<>();
            for (Loaded one : report.loaded()) {
                values.put(one.target().name(), StateDict.floats(one.values()));
                origins.put(one.tensor(), new Origin(one.target().name(), one.order()));
            }
            Optional<InitPlan> own =
                    plan.isEmpty() ? Optional.empty() : Optional.of(own(checkpoint, plan.get(), parameters, origins));
            return new StartingModel(file, checkpoint.format(), model, values, origins, own, report.summary());
        }
    }

    private static void requireComplete(LoadReport report, ModelSpec model) throws MalformedFileException {
        try {
            StateDict.requireComplete(report, "model " + model.text());
        } catch (MalformedFileException e) {
            throw MalformedFileException.withAdvice(
                    e, "--model names the model, --map FILE=MODEL says where a tensor belongs");
        }
    }

    /** The file's plan in the names and the order of the model. */
    private static InitPlan own(
            Checkpoint checkpoint, Plan plan, ModelParameters parameters, Map<String, Origin> origins)
            throws IOException {
        if (!(plan instanceof Plan.Addressed addressed)) {
            throw MalformedFileException.unsupported(
                    checkpoint.path(),
                    "plan",
                    "training on from a replayed PyTorch initialisation",
                    "save the state dict without its plan and give --seed");
        }
        Baseline baseline = Baseline.of(plan, checkpoint);
        Map<String, PlannedTensor> planned = new LinkedHashMap<>();
        origins.forEach((name, origin) -> baseline.find(name)
                .flatMap(initial -> addressed.plan().find(initial.name()))
                .ifPresent(entry -> planned.put(
                        origin.name(),
                        new PlannedTensor(origin.name(), entry.shape(), entry.layer(), entry.scheme()))));
        List<PlannedTensor> tensors = new ArrayList<>();
        for (PlannedTensor own : parameters.plan().tensors()) {
            PlannedTensor entry = planned.getOrDefault(own.name(), own);
            if (!planned.containsKey(own.name()) && !parameters.statistics().contains(own.name())) {
                throw MalformedFileException.of(
                        checkpoint.path(), "plan", "no entry of '" + own.name() + "'", "the initial values of all");
            }
            tensors.add(entry);
        }
        return new InitPlan(plan.seed(), tensors);
    }

    /**
     * The rules under which training gives the initial values of the file's plan.
     *
     * @param asked the rules that the user wants; empty for those of the plan
     * @return rules that give each parameter the plan's scheme; the rules asked for, or he, where there is no plan
     * @throws MalformedFileException if the plan numbers the layers otherwise than the model
     * @throws IllegalArgumentException if the rules asked for give another scheme than the plan
     */
    public InitRules rules(Optional<InitRules> asked) throws MalformedFileException {
        InitRules rules = asked.orElse(InitRules.he());
        if (plan.isEmpty()) {
            return rules;
        }
        InitPlan wanted = plan.get();
        InitPlan found = ModelParameters.of(model, wanted.seed(), rules).plan();
        if (asked.isEmpty() && !found.equals(wanted)) {
            for (PlannedTensor tensor : wanted.tensors()) {
                boolean same = found.find(tensor.name())
                        .filter(one -> one.scheme().equals(tensor.scheme()))
                        .isPresent();
                rules = same ? rules : rules.with(tensor.name(), tensor.scheme());
            }
            found = ModelParameters.of(model, wanted.seed(), rules).plan();
        }
        for (int k = 0; k < wanted.tensors().size(); k++) {
            requireSame(wanted.tensors().get(k), found.tensors().get(k));
        }
        return rules;
    }

    private void requireSame(PlannedTensor wanted, PlannedTensor found) throws MalformedFileException {
        if (!wanted.scheme().equals(found.scheme())) {
            throw new IllegalArgumentException(file + ": its plan gives '" + wanted.name() + "' the scheme "
                    + wanted.scheme() + ", the rules say " + found.scheme() + "; leave the rules away");
        }
        if (wanted.layer() != found.layer()) {
            throw MalformedFileException.of(
                    file,
                    "plan, tensor '" + wanted.name() + "'",
                    "layer " + wanted.layer(),
                    "layer " + found.layer() + " as in model " + model.text());
        }
    }

    /**
     * Masks of this file, or of the model.
     *
     * @param masks masks whose names are those of the file, or fit the model
     * @return the masks by the model's names, outputs first
     * @throws MalformedFileException if a mask fits neither
     * @throws IOException if reading fails
     */
    public Map<String, Mask> masks(MaskFile masks) throws IOException {
        if (!origins.keySet().containsAll(masks.stored().masks().keySet())) {
            return ModelMasks.of(masks, model);
        }
        Map<String, Mask> found = new LinkedHashMap<>();
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            MaskFit.fit(masks, checkpoint, Optional.empty()).masks().forEach((name, mask) -> {
                Origin origin = origins.get(name);
                if (origin != null) {
                    found.put(origin.name(), origin.order() == StoredOrder.IN_OUT ? mask.transposed() : mask);
                }
            });
        }
        return found;
    }

    /**
     * The masks that prune exactly the zeros of the parameters of rank >= 2.
     *
     * @return by the model's names, outputs first; only of parameters that have a zero
     */
    public Map<String, Mask> zeros() {
        Map<String, Mask> found = new LinkedHashMap<>();
        ModelParameters.of(model, 0, InitRules.he()).tensors(false).forEach(tensor -> {
            TensorShape shape = tensor.shape();
            float[] given = values.getOrDefault(tensor.name(), new float[0]);
            if (shape.rank() >= 2) {
                Mask mask = Mask.of(shape, k -> given[(int) k] != 0);
                if (mask.kept() < mask.size()) {
                    found.put(tensor.name(), mask);
                }
            }
        });
        return found;
    }

    /** {@return the hook that starts a run from these weights} */
    public StartingWeights hook() {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("file", file.toString());
        described.put("format", format);
        return new StartingWeights(values, described);
    }
}
