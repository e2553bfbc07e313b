package io.detinit.interop.transfer;

import io.detinit.generator.TensorShape;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Says of each mask without a place why it has none. */
final class Reasons {

    private final List<Source> sources;
    private final List<Parameter> targets;
    private final Map<String, Found> found;
    private final Rows rows;
    private final Checkpoint to;
    private final Set<Source> taken = new HashSet<>();
    private final Comparer comparer = new Comparer();

    Reasons(List<Source> sources, List<Parameter> targets, Map<String, Found> found, Rows rows, Checkpoint to) {
        this.sources = sources;
        this.targets = targets;
        this.found = found;
        this.rows = rows;
        this.to = to;
        found.values().forEach(one -> taken.add(one.source()));
    }

    /** The masks without a place, and those whose place is also that of a parameter that they are not made for. */
    List<UnmatchedMask> unmatched() throws IOException {
        List<UnmatchedMask> unmatched = new ArrayList<>();
        for (Source source : sources) {
            boolean placed =
                    taken.contains(source) || (rows.covered(source) > 0 && rows.covered(source) == rows.needed(source));
            if (placed) {
                continue;
            }
            Optional<Source> twin = twin(source);
            boolean sameMask = twin.isPresent() && Objects.equals(twin.get().mask(), source.mask());
            if (twin.isPresent() && !sameMask) {
                unmatched.add(shared(source, twin.get()));
            } else if (twin.isEmpty() && source.mask() != null) {
                unmatched.add(new UnmatchedMask(source.name(), reason(source)));
            }
        }
        return unmatched;
    }

    /** A matched source of the same values: the receiving file has the two as one. */
    private Optional<Source> twin(Source source) throws IOException {
        for (Source other : taken) {
            if (source.fits(other.shape(), false)
                    && comparer.same(source.stored(), other.stored()).isPresent()
                    && comparer.varies(source.stored())) {
                return Optional.of(other);
            }
        }
        return Optional.empty();
    }

    private static UnmatchedMask shared(Source source, Source twin) {
        return new UnmatchedMask(
                source.mask() == null ? twin.name() : source.name(),
                "'" + source.name() + "' and '" + twin.name() + "' have the same values but not the same mask, and the "
                        + "receiving file has them once");
    }

    private String reason(Source source) throws IOException {
        int covered = rows.covered(source);
        if (covered > 0) {
            return "only " + covered + " of its " + rows.needed(source) + " rows were found";
        }
        Optional<String> named = ofSameName(source);
        if (named.isPresent()) {
            return named.get();
        }
        List<Parameter> fitting = targets.stream()
                .filter(target -> !source.orientations(target).isEmpty())
                .toList();
        if (fitting.isEmpty()) {
            return "no parameter has its shape " + source.shape() + ofObstacles(source);
        }
        for (Parameter target : fitting) {
            for (boolean transposed : source.orientations(target)) {
                if (comparer.same(source.stored(), Comparer.view(target.stored(), transposed))
                        .isPresent()) {
                    return ambiguous(source, target);
                }
            }
        }
        long open = fitting.stream()
                .filter(target -> !found.containsKey(target.name()))
                .count();
        return "of the parameters of its shape " + source.shape() + " none has its values; " + open + " of "
                + fitting.size() + " belong to no other parameter";
    }

    private String ambiguous(Source source, Parameter target) throws IOException {
        if (!comparer.varies(source.stored())) {
            return "its values are all the same, and no name says where it belongs";
        }
        return "'" + target.name()
                + "' has its values, but other parameters have them too, and no name tells them apart";
    }

    private Optional<String> ofSameName(Source source) {
        for (Parameter target : targets) {
            if (source.names().contains(target.name())
                    || source.canonicalNames().contains(target.canonicalName())) {
                TensorShape shape = target.stored().info().shape();
                if (source.orientations(target).isEmpty()) {
                    return Optional.of("'" + target.name() + "' has the shape " + shape + ", not " + source.shape()
                            + (target.obstacle().isEmpty() ? "" : "; " + target.obstacle()));
                }
                return Optional.of(
                        "'" + target.name() + "' has other values, and which way round it lies cannot be told");
            }
        }
        for (String name : source.names()) {
            if (to.find(name).isPresent()) {
                return Optional.of(
                        "'" + name + "' is " + to.find(name).get().info().dtype() + " and no floating-point parameter");
            }
        }
        return Optional.empty();
    }

    private String ofObstacles(Source source) {
        return targets.stream()
                .filter(target -> !target.obstacle().isEmpty()
                        && !found.containsKey(target.name())
                        && target.stored().info().shape().elements()
                                >= source.shape().elements())
                .findFirst()
                .map(target -> "; perhaps it is in '" + target.name() + "': " + target.obstacle())
                .orElse("");
    }
}
