package io.detinit.interop.parameter;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.plan.InitialValues;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds the parameters of one file in a list that names and orders them otherwise: by name, by the name without wrappers (a norm's
 * gamma and beta also as weight and bias), by its end, by a shape that nothing else has, by content, by its module once another tensor of
 * that has been found, and at last by their order among those of one shape, weights first. The order does not match what names tell
 * apart: a query with a key, a weight with a bias, {@code weight_ih} with {@code weight_hh}. A scalar and a vector of one element have
 * one shape here: PyTorch's PReLU has the one, DJL's the other.
 */
public final class ParameterMatcher {

    /** Elements compared where only the content can tell. */
    private static final int SAMPLE = 1 << 14;

    /** Standard deviations by which two tensors' correlation must lie above chance. */
    private static final double SURE = 7;

    private final List<Parameter> parameters;
    private final List<Wanted> wanted;
    private final Map<Parameter, Match> matches = new LinkedHashMap<>();
    private final Modules modules = new Modules();

    private ParameterMatcher(List<Parameter> parameters, List<Wanted> wanted) {
        this.parameters = new ArrayList<>(parameters);
        this.wanted = new ArrayList<>(wanted);
    }

    /**
     * A tensor to be found.
     *
     * @param name what its own list calls it
     * @param canonicalName the same without wrappers
     * @param shape its logical shape, outputs first
     * @param stored which way round its list says that a file of the same names keeps it
     * @param values its elements in the logical shape
     */
    public record Wanted(
            String name, String canonicalName, TensorShape shape, StoredOrder stored, InitialValues values) {

        /**
         * A tensor of a plan or another file.
         *
         * @param name its name there
         * @param shape its logical shape
         * @param stored which way round it is kept
         * @param values its elements in the logical shape
         * @return the tensor
         */
        public static Wanted of(String name, TensorShape shape, StoredOrder stored, InitialValues values) {
            return new Wanted(name, CanonicalNames.of(name), shape, stored, values);
        }

        /**
         * A tensor that has nothing to be recognised by but its name, shape and place.
         *
         * @param name its name
         * @param shape its logical shape
         * @return the tensor
         */
        public static Wanted of(String name, TensorShape shape) {
            return of(name, shape, StoredOrder.OUT_IN, new UnknownValues(shape));
        }
    }

    /** What led to a match, the surest first. */
    public enum By {
        /** The very name. */
        NAME,
        /**
         * The name without wrappers and containers; for a weight that an exporter renamed, the module path that it noted; gamma and
         * beta as weight and bias.
         */
        CANONICAL_NAME,
        /** One name ends with the other. */
        END,
        /** A shape that no other has. */
        SHAPE,
        /** The weights correlate with the initial values. */
        CONTENT,
        /** Another tensor of its module was found in the wanted one's: a bias belongs where its weight does. */
        MODULE,
        /** The order among those of one shape. */
        PLACE;

        /** {@return the name in reports, such as {@code canonical name}} */
        public String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A found tensor.
     *
     * @param wanted which one
     * @param order which way round the file keeps it
     * @param by what led to it
     */
    public record Match(Wanted wanted, StoredOrder order, By by) {}

    /**
     * Matches.
     *
     * @param parameters the parameters of a file
     * @param wanted what to look for
     * @return what was found for each parameter; those for which nothing was are missing
     * @throws InvalidPlanException if a parameter of the very name has another shape; the message names it
     * @throws IOException if reading fails
     */
    public static Map<Parameter, Match> match(List<Parameter> parameters, List<Wanted> wanted) throws IOException {
        return match(parameters, wanted, Map.of());
    }

    /**
     * Matches, where some pairs are known.
     *
     * @param parameters the other parameters of a file
     * @param wanted what else to look for
     * @param known wanted ones by the parameter that each was found to be
     * @return as {@link #match(List, List)}, without the known ones
     * @throws InvalidPlanException as {@link #match(List, List)}
     * @throws IOException if reading fails
     */
    public static Map<Parameter, Match> match(
            List<Parameter> parameters, List<Wanted> wanted, Map<Parameter, Wanted> known) throws IOException {
        ParameterMatcher matcher = new ParameterMatcher(parameters, wanted);
        known.forEach((one, other) -> matcher.modules.add(one.canonicalName(), other.canonicalName()));
        matcher.byName();
        matcher.byKey(By.CANONICAL_NAME, Parameter::canonicalName, Wanted::canonicalName);
        matcher.byKey(
                By.CANONICAL_NAME,
                p -> CanonicalNames.inTorchWords(p.canonicalName()),
                w -> CanonicalNames.inTorchWords(w.canonicalName()));
        matcher.byEnd();
        matcher.byKey(By.SHAPE, p -> shapeKey(p.shape(), p), w -> shapeKey(w.shape(), null));
        matcher.byContent();
        matcher.byModule();
        matcher.byPlaceOfWeights();
        matcher.byModule();
        matcher.byPlace();
        return matcher.matches;
    }

    private void byName() {
        Map<String, Wanted> names = new HashMap<>();
        wanted.forEach(w -> names.put(w.name(), w));
        for (Parameter parameter : List.copyOf(parameters)) {
            Wanted same = names.get(parameter.name());
            if (same == null) {
                continue;
            }
            StoredOrder order = order(parameter, same);
            if (order == null) {
                throw new InvalidPlanException("tensor '" + same.name() + "' has the shape "
                        + parameter.stored().info().shape() + ", the plan says "
                        + same.stored().stored(same.shape()) + "; the plan belongs to another model");
            }
            take(parameter, same, order, By.NAME);
        }
    }

    /**
     * Whether a parameter can be a wanted one.
     *
     * @param parameter a parameter of a file
     * @param wanted a wanted one
     * @return whether its shape fits, one way round or the other where the file leaves that open
     */
    public static boolean fits(Parameter parameter, Wanted wanted) {
        return order(parameter, wanted) != null;
    }

    /**
     * Which way round a parameter is kept that is said to be a wanted one, whatever their names are.
     *
     * @param parameter a parameter of a file
     * @param wanted a wanted one
     * @return the order in the file; empty where the shape fits neither way
     */
    public static Optional<StoredOrder> orderAs(Parameter parameter, Wanted wanted) {
        return Optional.ofNullable(order(parameter, wanted, true));
    }

    /** Which way round a parameter would be a wanted tensor; null where its shape fits neither way. */
    private static @Nullable StoredOrder order(Parameter parameter, Wanted wanted) {
        return order(parameter, wanted, parameter.name().equals(wanted.name()));
    }

    private static @Nullable StoredOrder order(Parameter parameter, Wanted wanted, boolean named) {
        TensorShape file = parameter.stored().info().shape();
        if (named && wanted.stored() == StoredOrder.IN_OUT && wanted.shape().equals(StoredOrder.IN_OUT.logical(file))) {
            return StoredOrder.IN_OUT;
        }
        if (normal(wanted.shape()).equals(normal(parameter.shape()))) {
            return parameter.order();
        }
        if (named && wanted.shape().equals(file)) {
            return StoredOrder.OUT_IN;
        }
        boolean turned =
                file.rank() == 2 && !parameter.orderKnown() && wanted.shape().equals(StoredOrder.IN_OUT.logical(file));
        return turned ? StoredOrder.IN_OUT : null;
    }

    /** The shape, but that of a scalar for a vector of one element. */
    private static TensorShape normal(TensorShape shape) {
        return shape.rank() == 1 && shape.dim(0) == 1 ? TensorShape.of() : shape;
    }

    private void take(Parameter parameter, Wanted found, StoredOrder order, By by) {
        matches.put(parameter, new Match(found, order, by));
        modules.add(parameter.canonicalName(), found.canonicalName());
        parameters.remove(parameter);
        wanted.remove(found);
    }

    /** Takes what has a key that is the only one of its kind on both sides, and a shape that fits. */
    private void byKey(By by, Function<Parameter, String> ofParameter, Function<Wanted, String> ofWanted) {
        Map<String, List<Wanted>> left = grouped(wanted, ofWanted);
        grouped(parameters, ofParameter).forEach((key, same) -> {
            List<Wanted> candidates = left.getOrDefault(key, List.of());
            if (same.size() == 1 && candidates.size() == 1) {
                StoredOrder order = order(same.get(0), candidates.get(0));
                if (order != null) {
                    take(same.get(0), candidates.get(0), order, by);
                }
            }
        });
    }

    /** Takes pairs of which one name ends with the other, where no other pair of those two does. */
    private void byEnd() {
        for (Parameter parameter : List.copyOf(parameters)) {
            List<Wanted> candidates = wanted.stream()
                    .filter(w -> ends(parameter, w) && order(parameter, w) != null)
                    .toList();
            if (candidates.size() != 1) {
                continue;
            }
            Wanted one = candidates.get(0);
            boolean only = parameters.stream().filter(p -> ends(p, one)).count() == 1;
            StoredOrder order = order(parameter, one);
            if (only && order != null) {
                take(parameter, one, order, By.END);
            }
        }
    }

    private static boolean ends(Parameter parameter, Wanted wanted) {
        String one = "." + parameter.canonicalName();
        String other = "." + wanted.canonicalName();
        return one.endsWith(other) || other.endsWith(one);
    }

    private static String shapeKey(TensorShape shape, @Nullable Parameter parameter) {
        if (parameter != null && !parameter.orderKnown() && shape.rank() == 2) {
            return "either " + shape; // never unique: content tells
        }
        return normal(shape).toString();
    }

    private static <T> Map<String, List<T>> grouped(List<T> list, Function<T, String> key) {
        Map<String, List<T>> groups = new LinkedHashMap<>();
        list.forEach(one ->
                groups.computeIfAbsent(key.apply(one), k -> new ArrayList<>()).add(one));
        return groups;
    }

    /** Takes pairs that correlate beyond chance, the surest first. */
    private void byContent() throws IOException {
        record Pair(Parameter parameter, Wanted wanted, StoredOrder order, double z) {}
        List<Pair> pairs = new ArrayList<>();
        for (Parameter parameter : parameters) {
            for (Wanted candidate : wanted) {
                StoredOrder order = order(parameter, candidate);
                if (order != null && candidate.values().isRandom()) {
                    double z = Correlations.z(parameter.view(order), candidate.values(), SAMPLE);
                    if (z > SURE) {
                        pairs.add(new Pair(parameter, candidate, order, z));
                    }
                }
            }
        }
        pairs.sort(java.util.Comparator.comparingDouble((Pair pair) -> -pair.z()));
        for (Pair pair : pairs) {
            if (parameters.contains(pair.parameter()) && wanted.contains(pair.wanted())) {
                take(pair.parameter(), pair.wanted(), pair.order(), By.CONTENT);
            }
        }
    }

    /** Takes what has in its own module the name that a wanted one has in the module found to be that. */
    private void byModule() {
        for (Parameter parameter : List.copyOf(parameters)) {
            String name = CanonicalNames.inTorchWords(modules.counterpart(parameter.canonicalName()));
            if (name.isEmpty()) {
                continue;
            }
            List<Wanted> candidates = wanted.stream()
                    .filter(w -> CanonicalNames.inTorchWords(w.canonicalName()).equals(name))
                    .toList();
            StoredOrder order = candidates.size() == 1 ? order(parameter, candidates.get(0)) : null;
            if (order != null) {
                take(parameter, candidates.get(0), order, By.MODULE);
            }
        }
    }

    /** A bias of a Linear has the shape of a norm's, and files and models order the two differently: their weights lead. */
    private void byPlaceOfWeights() {
        byPlace(p -> weightKey(p.shape(), p.canonicalName()), w -> weightKey(w.shape(), w.canonicalName()));
    }

    private static String weightKey(TensorShape shape, String name) {
        ParameterRole role = CanonicalNames.role(name);
        return role.element().equals("weight") ? placeKey(shape, role) : "";
    }

    private static String placeKey(TensorShape shape, ParameterRole role) {
        return normal(shape) + " " + role;
    }

    /** Takes what is left in order, where both sides have as many of a shape: first of one role, then of those without one. */
    private void byPlace() {
        byPlace(
                p -> placeKey(p.shape(), CanonicalNames.role(p.canonicalName())),
                w -> placeKey(w.shape(), CanonicalNames.role(w.canonicalName())));
        byPlace(p -> normal(p.shape()).toString(), w -> normal(w.shape()).toString());
    }

    /** An empty key leaves out. */
    private void byPlace(Function<Parameter, String> ofParameter, Function<Wanted, String> ofWanted) {
        Map<String, List<Wanted>> left = grouped(wanted, ofWanted);
        left.remove("");
        grouped(parameters, ofParameter).forEach((key, same) -> {
            List<Wanted> candidates = left.getOrDefault(key, List.of());
            if (same.size() == candidates.size() && agree(same, candidates)) {
                for (int k = 0; k < same.size(); k++) {
                    StoredOrder order = order(same.get(k), candidates.get(k));
                    if (order != null) {
                        take(same.get(k), candidates.get(k), order, By.PLACE);
                    }
                }
            }
        });
    }

    private static boolean agree(List<Parameter> parameters, List<Wanted> wanted) {
        for (int k = 0; k < parameters.size(); k++) {
            ParameterRole one = CanonicalNames.role(parameters.get(k).canonicalName());
            if (!one.agrees(CanonicalNames.role(wanted.get(k).canonicalName()))) {
                return false;
            }
        }
        return true;
    }
}
