package io.detinit.interop.verify;

import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.verify.TensorComparison.Outcome;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tensor of one checkpoint is which of another: that of the same name, else the parameter of the same name without
 * wrappers. Not thread-safe.
 */
final class TensorMatches {

    private final Map<String, Parameter> firstParameters = new HashMap<>();
    private final Map<String, Parameter> secondParameters = new HashMap<>();
    private final Map<String, Parameter> byCanonicalName = new HashMap<>();
    private final Map<String, TensorView> rest = new LinkedHashMap<>();

    TensorMatches(Checkpoint first, Checkpoint second) {
        Set<String> names = new HashSet<>();
        first.tensors().forEach(tensor -> names.add(tensor.info().name()));
        second.tensors().forEach(tensor -> rest.put(tensor.info().name(), tensor));
        Parameter.of(first).forEach(parameter -> firstParameters.put(parameter.name(), parameter));
        Set<String> twice = new HashSet<>();
        for (Parameter parameter : Parameter.of(second)) {
            secondParameters.put(parameter.name(), parameter);
            boolean taken = names.contains(parameter.name());
            if (!taken && byCanonicalName.put(parameter.canonicalName(), parameter) != null) {
                twice.add(parameter.canonicalName());
            }
        }
        twice.forEach(byCanonicalName::remove);
    }

    /** The tensor of the second checkpoint that is this one of the first; null where there is none. */
    @Nullable
    TensorView take(TensorView first) {
        String name = first.info().name();
        TensorView same = rest.remove(name);
        if (same != null) {
            return same;
        }
        Parameter own = firstParameters.get(name);
        Parameter other = own == null ? null : byCanonicalName.get(own.canonicalName());
        return own == null || other == null || !own.shape().equals(other.shape()) ? null : rest.remove(other.name());
    }

    /** The tensors of the second checkpoint that are none of the first. */
    List<TensorView> rest() {
        return List.copyOf(rest.values());
    }

    /** Compares as the files have them, and where they keep a matrix the other way round, in the logical order. */
    TensorComparison compare(TensorView first, TensorView second) throws IOException {
        TensorComparison stored = Verifier.compare(first, second);
        Parameter own = firstParameters.get(first.info().name());
        Parameter other = secondParameters.get(second.info().name());
        if (stored.outcome() == Outcome.IDENTICAL
                || own == null
                || other == null
                || own.order() == other.order()
                || !own.shape().equals(other.shape())) {
            return stored;
        }
        TensorComparison logical = Verifier.compare(own.view(), other.view());
        return new TensorComparison(
                stored.name(),
                logical.outcome(),
                first.info(),
                second.info(),
                logical.differing(),
                logical.maxAbsDifference());
    }
}
