package io.detinit.interop.mask;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which parameters can lose weights at all: the floating-point ones that have initial values and whose names the filter takes;
 * matrices, and vectors where they are asked for. Running statistics never.
 *
 * <p>A matrix has rank >= 2 and is neither a bias nor a part of a normalisation, as its name tells. All other
 * parameters are vectors.
 *
 * @param filter which names are taken
 * @param vectors whether biases, norm scales and the like are pruned as well
 * @param protectFirst whether the first matrix that would be pruned, in file order (ONNX: order of first use), is kept whole
 * @param protectLast whether the last one is
 */
public record Candidates(NameFilter filter, boolean vectors, boolean protectFirst, boolean protectLast)
        implements Serializable {

    /** All matrices. */
    public static final Candidates MATRICES = new Candidates(NameFilter.ALL, false, false, false);

    /** {@return which ends are protected: first, last, both or none} */
    List<String> protectedEnds() {
        List<String> ends = new ArrayList<>();
        if (protectFirst) {
            ends.add("first");
        }
        if (protectLast) {
            ends.add("last");
        }
        return ends;
    }

    /**
     * The candidates of a model.
     *
     * @param prunable what a fraction is a fraction of, in file order
     * @param protectedNames what is kept whole, in file order
     */
    record Chosen(List<Prunable> prunable, List<String> protectedNames) {}

    /**
     * Chooses.
     *
     * @throws IllegalArgumentException if nothing is left, or a pattern of the filter fits no tensor
     */
    Chosen choose(List<? extends TensorView> tensors, Baseline baseline) {
        filter.unused(tensors.stream().map(tensor -> tensor.info().name()).toList())
                .ifPresent(pattern -> {
                    throw new IllegalArgumentException("the pattern '" + pattern + "' fits no tensor of the file");
                });
        List<Prunable> taken = new ArrayList<>();
        for (TensorView tensor : tensors) {
            Optional<Baseline.Initial> initial = baseline.find(tensor.info().name());
            if (initial.isPresent() && takes(tensor.info())) {
                taken.add(new Prunable(initial.get().view(tensor), initial.get().values()));
            }
        }
        if (taken.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to prune: no floating-point parameter" + (vectors ? "" : " of rank >= 2")
                            + " has initial values"
                            + (filter.equals(NameFilter.ALL) ? "" : " and a name that the patterns take"));
        }
        return withoutProtected(taken);
    }

    private boolean takes(TensorInfo info) {
        return info.kind() == TensorInfo.Kind.PARAMETER
                && info.dtype().isFloating()
                && (vectors || !VectorLike.test(info))
                && filter.takes(info.name());
    }

    /** A protected matrix keeps the vectors of its module with it. */
    private Chosen withoutProtected(List<Prunable> taken) {
        List<String> matrices = taken.stream()
                .filter(one -> !VectorLike.test(one.tensor().info()))
                .map(Prunable::name)
                .toList();
        Set<String> kept = new HashSet<>();
        if (protectFirst && !matrices.isEmpty()) {
            kept.add(matrices.get(0));
        }
        if (protectLast && !matrices.isEmpty()) {
            kept.add(matrices.get(matrices.size() - 1));
        }
        Set<String> modules = new HashSet<>();
        kept.forEach(name -> modules.add(module(name)));
        List<Prunable> prunable = new ArrayList<>();
        List<String> whole = new ArrayList<>();
        for (Prunable one : taken) {
            boolean beside = VectorLike.test(one.tensor().info()) && modules.contains(module(one.name()));
            if (kept.contains(one.name()) || beside) {
                whole.add(one.name());
            } else {
                prunable.add(one);
            }
        }
        if (prunable.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing to prune: all that could be is protected as the first or the last matrix: "
                            + String.join(", ", whole));
        }
        return new Chosen(List.copyOf(prunable), List.copyOf(whole));
    }

    private static String module(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }
}
