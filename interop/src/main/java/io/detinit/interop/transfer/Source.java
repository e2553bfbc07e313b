package io.detinit.interop.transfer;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of the file that the masks were made for. Those without a mask take part in the matching, so that no mask goes to
 * what is theirs.
 *
 * @param parameter the parameter
 * @param names its name and those of the tensors that are tied to it
 * @param mask its mask in the order in which its file keeps it; null where it has none
 */
record Source(
        Parameter parameter, Set<String> names, @Nullable Mask mask) {

    static List<Source> of(Checkpoint from, Map<String, Mask> masks) {
        List<Source> sources = new ArrayList<>();
        for (Parameter parameter : Parameter.of(from)) {
            Set<String> names = new LinkedHashSet<>(Set.of(parameter.name()));
            from.tied().forEach((name, first) -> {
                if (first.equals(parameter.name())) {
                    names.add(name);
                }
            });
            sources.add(new Source(parameter, names, masks.get(parameter.name())));
        }
        return sources;
    }

    String name() {
        return parameter.name();
    }

    TensorView stored() {
        return parameter.stored();
    }

    TensorShape shape() {
        return stored().info().shape();
    }

    /** The names by which another file of the model may know it. */
    Set<String> canonicalNames() {
        Set<String> canonical = new LinkedHashSet<>(Set.of(parameter.canonicalName()));
        names.forEach(name -> canonical.add(Parameter.withoutWrappers(name)));
        return canonical;
    }

    /** Whether a tensor of this shape could be this one, stored the same way round or with its axes exchanged. */
    boolean fits(TensorShape other, boolean transposed) {
        if (!transposed) {
            return shape().equals(other);
        }
        return shape().rank() == 2
                && other.rank() == 2
                && shape().dim(0) == other.dim(1)
                && shape().dim(1) == other.dim(0);
    }

    /** Which ways round a tensor of this shape could be this one, the likelier first. */
    List<Boolean> orientations(Parameter target) {
        TensorShape other = target.stored().info().shape();
        boolean likely = parameter.order() != target.order();
        List<Boolean> possible = new ArrayList<>(List.of(likely, !likely));
        possible.removeIf(transposed -> !fits(other, transposed));
        return possible;
    }

    /** Sources of one file differ by their names; masks are not compared. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Source that && name().equals(that.name());
    }

    @Override
    public int hashCode() {
        return name().hashCode();
    }
}
