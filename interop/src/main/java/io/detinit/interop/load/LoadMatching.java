package io.detinit.interop.load;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.load.LoadReport.Loaded;
import io.detinit.interop.load.LoadReport.Mismatch;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.parameter.ParameterMatcher;
import io.detinit.interop.parameter.ParameterMatcher.By;
import io.detinit.interop.parameter.ParameterMatcher.Match;
import io.detinit.interop.parameter.ParameterMatcher.Wanted;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the tensor of each target. Made for one search. */
final class LoadMatching {

    private final Checkpoint checkpoint;
    private final boolean norms;
    private final Map<String, LoadTarget> open = new LinkedHashMap<>();
    private final Map<String, Integer> places = new LinkedHashMap<>();
    private final List<Loaded> loaded = new ArrayList<>();
    private final Map<Parameter, Wanted> known = new LinkedHashMap<>();
    private final List<Mismatch> mismatched = new ArrayList<>();
    private final List<TensorInfo> unexpected = new ArrayList<>();
    private final List<String> ignored = new ArrayList<>();

    LoadMatching(Checkpoint checkpoint, List<LoadTarget> targets) {
        this.checkpoint = checkpoint;
        this.norms = targets.stream().anyMatch(LoadTarget::statistic);
        for (LoadTarget target : targets) {
            places.put(target.name(), places.size());
            if (open.put(target.name(), target) != null) {
                throw new IllegalArgumentException("two parameters have the name '" + target.name() + "'");
            }
        }
    }

    LoadReport run(Map<String, String> names) throws IOException {
        List<Parameter> trained = new ArrayList<>(Parameter.withTied(checkpoint));
        List<Parameter> statistics = new ArrayList<>(Parameter.statistics(checkpoint));
        mapped(names, trained, statistics);
        List<Parameter> split = new ArrayList<>();
        trained.forEach(one -> split.addAll(FusedProjections.split(one, open.keySet())));
        search(split, false);
        search(statistics, true);
        others(trained, statistics);
        Comparator<Loaded> place =
                Comparator.comparing(one -> places.getOrDefault(one.target().name(), 0));
        loaded.sort(place);
        return new LoadReport(
                checkpoint.path().toString(), loaded, List.copyOf(open.values()), unexpected, mismatched, ignored);
    }

    /** Takes the pairs of the caller's name map. */
    private void mapped(Map<String, String> names, List<Parameter> trained, List<Parameter> statistics) {
        names.forEach((file, model) -> {
            LoadTarget target = open.get(model);
            if (target == null) {
                throw new IllegalArgumentException("the name map sends '" + file + "' to '" + model
                        + "', which is no parameter of the model or is named twice; they are "
                        + listed(places.keySet()));
            }
            Parameter parameter = named(file, trained, statistics)
                    .orElseThrow(() -> new IllegalArgumentException("the name map names '" + file + "', which "
                            + checkpoint.path() + " does not have as a floating-point tensor; 'inspect' lists them"));
            trained.remove(parameter);
            statistics.remove(parameter);
            Optional<StoredOrder> order = ParameterMatcher.orderAs(parameter, target.wanted());
            if (order.isPresent()) {
                take(parameter, target, order.get(), true, By.NAME);
            } else {
                refuse(parameter, target, Mismatch.OTHER_SHAPE);
            }
        });
    }

    private static Optional<Parameter> named(String name, List<Parameter> trained, List<Parameter> statistics) {
        for (List<Parameter> list : List.of(trained, statistics)) {
            for (Parameter parameter : list) {
                if (parameter.name().equals(name)) {
                    return Optional.of(parameter);
                }
            }
        }
        return Optional.empty();
    }

    private void search(List<Parameter> given, boolean statistic) throws IOException {
        List<Parameter> parameters = new ArrayList<>();
        Map<String, Wanted> wanted = new LinkedHashMap<>();
        for (LoadTarget target : open.values()) {
            if (target.statistic() == statistic) {
                wanted.put(target.name(), target.wanted());
            }
        }
        for (Parameter parameter : given) {
            LoadTarget same = open.get(parameter.name());
            same = same == null ? open.get(parameter.canonicalName()) : same;
            if (same == null || same.statistic() != statistic) {
                if (!checkpoint.tied().containsKey(parameter.name())) {
                    parameters.add(parameter);
                }
            } else if (ParameterMatcher.fits(parameter, same.wanted())) {
                parameters.add(parameter);
            } else {
                refuse(parameter, same, Mismatch.OTHER_SHAPE);
                wanted.remove(same.name());
            }
        }
        Map<Parameter, Match> matches = ParameterMatcher.match(parameters, List.copyOf(wanted.values()), known);
        for (Parameter parameter : parameters) {
            Match match = matches.get(parameter);
            LoadTarget target = match == null ? null : open.get(match.wanted().name());
            if (match == null || target == null) {
                unexpected.add(parameter.stored().info());
            } else {
                take(parameter, target, match.order(), false, match.by());
            }
        }
    }

    private void take(Parameter parameter, LoadTarget target, StoredOrder order, boolean mapped, By by) {
        boolean asIs = parameter.obstacle().isEmpty() || (parameter.holdsNorm() && !norms);
        if (!asIs) {
            refuse(parameter, target, parameter.obstacle());
            return;
        }
        open.remove(target.name());
        TensorView values = parameter.view(order);
        if (!values.info().shape().equals(target.shape())) {
            values = RowsTensor.reshaped(values, target.shape());
        }
        known.put(parameter, target.wanted());
        loaded.add(new Loaded(target, parameter.name(), order, mapped, by, values));
    }

    private void refuse(Parameter parameter, LoadTarget target, String reason) {
        open.remove(target.name());
        mismatched.add(
                new Mismatch(target, parameter.name(), parameter.stored().info().shape(), reason));
    }

    /** What is no floating-point weight: named by a parameter of the model, or passed over. */
    private void others(List<Parameter> trained, List<Parameter> statistics) {
        Set<TensorView> seen = java.util.Collections.newSetFromMap(new IdentityHashMap<>());
        trained.forEach(one -> seen.add(one.stored()));
        statistics.forEach(one -> seen.add(one.stored()));
        Set<String> used = new HashSet<>();
        loaded.forEach(one -> used.add(one.tensor()));
        mismatched.forEach(one -> used.add(one.tensor()));
        for (TensorView tensor : checkpoint.tensors()) {
            TensorInfo info = tensor.info();
            if (seen.contains(tensor) || used.contains(info.name())) {
                continue;
            }
            LoadTarget target = open.get(Parameter.withoutWrappers(info.name()));
            if (target != null && !info.dtype().isFloating()) {
                open.remove(target.name());
                mismatched.add(
                        new Mismatch(target, info.name(), info.shape(), info.dtype() + " is no floating-point type"));
            } else {
                ignored.add(info.name());
            }
        }
    }

    private static String listed(Set<String> names) {
        int most = 12;
        String some = String.join(", ", names.stream().limit(most).toList());
        return names.size() > most ? some + " and more" : some;
    }
}
