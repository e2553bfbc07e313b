package io.detinit.interop.audit;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.parameter.ParameterMatcher;
import io.detinit.interop.parameter.ParameterMatcher.Match;
import io.detinit.interop.parameter.ParameterMatcher.Wanted;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.interop.plan.InitialValues;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.StoredValues;
import io.detinit.interop.plan.TransposedValues;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What the parameters of one checkpoint are compared with, parameter by parameter.
 *
 * <p>Immutable; safe for use by many threads. That of a file is valid while the file is open.
 *
 * @param kind where the initial values come from
 * @param seed the seed, where there is one
 * @param initials the initial values by the parameters' names in the checkpoint, in file order
 * @param unaudited why a parameter has none, by its name
 * @param notes one line for each thing that a reader should know
 */
public record Baseline(
        Kind kind,
        OptionalLong seed,
        Map<String, Initial> initials,
        Map<String, String> unaudited,
        List<String> notes) {

    /** How many names a message lists. */
    private static final int LISTED = 5;

    /** Copies the maps and the list. */
    public Baseline {
        initials = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(initials));
        unaudited = Map.copyOf(unaudited);
        notes = List.copyOf(notes);
    }

    /** Where initial values come from. */
    public enum Kind {
        /** Regenerated from their addresses. */
        SEED,
        /** Replayed from PyTorch's generator. */
        TORCH_SEED,
        /** Read from another checkpoint. */
        INIT_FILE,
        /** None are known: for what looks at the trained weights alone. */
        NONE;

        /** {@return the name in reports, such as {@code torch-seed}} */
        public String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Why a parameter without initial values has none. */
        String absence() {
            return this == INIT_FILE ? "not in the initial file" : "not in the plan";
        }
    }

    /**
     * The initial values of one parameter.
     *
     * @param name what the baseline calls it
     * @param order which way round the checkpoint keeps it
     * @param values the values in the logical shape, outputs first
     */
    public record Initial(String name, StoredOrder order, InitialValues values) {

        /**
         * The parameter's elements in the logical order.
         *
         * @param stored the parameter as the checkpoint has it
         * @return its elements, outputs first
         */
        public TensorView view(TensorView stored) {
            return order == StoredOrder.OUT_IN ? stored : TransposedTensor.of(stored);
        }

        /**
         * Elements in the checkpoint's order.
         *
         * @param logical the elements, outputs first
         * @return the elements as the checkpoint keeps them
         */
        public TensorView stored(TensorView logical) {
            return view(logical); // exchanging two axes undoes itself
        }

        /** {@return the values in the order in which the checkpoint keeps the parameter} */
        public InitialValues storedValues() {
            return order == StoredOrder.OUT_IN ? values : TransposedValues.of(values);
        }

        /**
         * Zeros, for a parameter whose initial values are not looked at.
         *
         * @param name what the checkpoint calls it
         * @param order which way round the checkpoint keeps it
         * @param shape its logical shape, outputs first
         * @return the zeros
         */
        public static Initial zeros(String name, StoredOrder order, TensorShape shape) {
            return new Initial(name, order, new AddressedValues(new TensorInit(0, 0, shape, Scheme.ZEROS)));
        }
    }

    /**
     * A plan, whatever it calls the parameters.
     *
     * @param plan the plan
     * @param checkpoint the trained model
     * @return the baseline
     * @throws InvalidPlanException if the plan names a parameter that the checkpoint has not, or has in another shape; an ONNX
     *     model may lack some, since exporters fold
     * @throws IOException if reading fails
     */
    public static Baseline of(Plan plan, Checkpoint checkpoint) throws IOException {
        boolean folds = checkpoint.format().equals("onnx");
        return of(plan, Parameter.of(checkpoint), folds);
    }

    /**
     * An addressable plan of tensors that are in no file.
     *
     * @param plan the plan
     * @param tensors the trained tensors
     * @return the baseline
     * @throws InvalidPlanException if the plan names a parameter that is missing or has another shape
     * @throws IOException if reading fails
     */
    public static Baseline of(InitPlan plan, List<? extends TensorView> tensors) throws IOException {
        return of(new Plan.Addressed(plan), Parameter.of(tensors), false);
    }

    private static Baseline of(Plan plan, List<Parameter> parameters, boolean folds) throws IOException {
        List<Wanted> wanted = plan.entries().stream()
                .map(entry -> Wanted.of(entry.name(), entry.shape(), entry.stored(), entry.values()))
                .toList();
        Kind kind = plan instanceof Plan.Addressed ? Kind.SEED : Kind.TORCH_SEED;
        return of(kind, OptionalLong.of(plan.seed()), parameters, wanted, folds ? "" : "the plan names");
    }

    /**
     * Another checkpoint, of any format: the state before this training.
     *
     * @param initial the open checkpoint that training began with
     * @param trained the trained model
     * @return the baseline, valid while {@code initial} is open
     * @throws InvalidPlanException if no parameter of one is in the other, or one has another shape
     * @throws IOException if reading fails
     */
    public static Baseline of(Checkpoint initial, Checkpoint trained) throws IOException {
        List<Wanted> wanted = new ArrayList<>();
        for (Parameter parameter : Parameter.of(initial)) {
            wanted.add(new Wanted(
                    parameter.name(),
                    parameter.canonicalName(),
                    parameter.shape(),
                    parameter.order(),
                    new StoredValues(parameter.view())));
        }
        return of(Kind.INIT_FILE, OptionalLong.empty(), Parameter.of(trained), wanted, "");
    }

    /**
     * No initial values, for what looks at the trained weights alone, such as pruning by magnitude: every parameter stands
     * beside zeros.
     *
     * @param checkpoint the trained model
     * @return the baseline, with every floating-point parameter of the checkpoint
     */
    public static Baseline none(Checkpoint checkpoint) {
        Map<String, Initial> initials = new LinkedHashMap<>();
        for (Parameter parameter : Parameter.of(checkpoint)) {
            initials.put(parameter.name(), Initial.zeros(parameter.name(), parameter.order(), parameter.shape()));
        }
        return new Baseline(Kind.NONE, OptionalLong.empty(), initials, Map.of(), List.of());
    }

    private static Baseline of(
            Kind kind, OptionalLong seed, List<Parameter> parameters, List<Wanted> wanted, String strict)
            throws IOException {
        Map<Parameter, Match> matches = ParameterMatcher.match(parameters, wanted);
        List<String> missing = missing(wanted, matches);
        boolean hinted = missing.stream().anyMatch(name -> name.endsWith(".weight"));
        Set<String> folded = strict.isEmpty() ? folded(parameters, matches, hinted) : Set.of();
        if (!missing.isEmpty() && !strict.isEmpty()) {
            throw new InvalidPlanException(strict + " tensors that the file does not have: " + some(missing)
                    + "; the plan belongs to another model");
        }
        if (matches.isEmpty() && !wanted.isEmpty()) {
            throw new InvalidPlanException("no parameter of the file is among the initial values, which have "
                    + some(wanted.stream().map(Wanted::name).toList()) + "; they belong to another model");
        }
        Map<String, Initial> initials = new LinkedHashMap<>();
        Map<String, String> unaudited = new LinkedHashMap<>();
        for (Parameter parameter : parameters) {
            Match match = matches.get(parameter);
            if (!parameter.obstacle().isEmpty()) {
                unaudited.put(parameter.name(), parameter.obstacle());
            } else if (folded.contains(module(parameter))) {
                unaudited.put(
                        parameter.name(),
                        "a normalisation was folded into it: each row is scaled by a factor of its own");
            } else if (match != null) {
                Wanted found = match.wanted();
                initials.put(parameter.name(), new Initial(found.name(), match.order(), found.values()));
            }
        }
        List<String> notes =
                missing.isEmpty() ? List.of() : List.of("initial values without a parameter: " + some(missing));
        return new Baseline(kind, seed, initials, unaudited, notes);
    }

    /** The modules into which a normalisation was folded, though the names do not say so. */
    private static Set<String> folded(List<Parameter> parameters, Map<Parameter, Match> matches, boolean hinted)
            throws IOException {
        Set<String> modules = new HashSet<>();
        for (Parameter parameter : parameters) {
            Match match = matches.get(parameter);
            if (match != null
                    && FoldedNorm.isIn(
                            parameter.view(match.order()), match.wanted().values(), hinted)) {
                modules.add(module(parameter));
            }
        }
        return modules;
    }

    /** The module that a parameter belongs to. */
    private static String module(Parameter parameter) {
        String name = parameter.canonicalName();
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    private static List<String> missing(List<Wanted> wanted, Map<Parameter, Match> matches) {
        Set<String> found = new HashSet<>();
        matches.values().forEach(match -> found.add(match.wanted().name()));
        return wanted.stream()
                .map(Wanted::name)
                .filter(name -> !found.contains(name))
                .toList();
    }

    private static String some(List<String> names) {
        return names.stream().sorted().limit(LISTED).toList() + (names.size() > LISTED ? " and more" : "");
    }

    /**
     * The plan behind this baseline as the checkpoint's own file would carry it.
     *
     * @param plan the plan
     * @return the plan of the parameters that have initial values, in the names and orders of the checkpoint
     */
    public Plan planForFile(Plan plan) {
        Map<String, String> names = new LinkedHashMap<>();
        Map<String, StoredOrder> orders = new LinkedHashMap<>();
        initials.forEach((name, initial) -> {
            names.put(name, initial.name());
            orders.put(name, initial.order());
        });
        return plan.forFile(names, orders);
    }

    /**
     * The initial values of a parameter.
     *
     * @param name its name in the checkpoint
     * @return the values, empty where there are none
     */
    public Optional<Initial> find(String name) {
        return Optional.ofNullable(initials.get(name));
    }
}
