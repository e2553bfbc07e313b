package io.detinit.interop.transfer;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskFit;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Masks of one file, carried to another file of the same model.
 *
 * <p>A parameter of the receiving file is a parameter of the other one where its weights are the same (to within rounding, where the
 * dtypes differ), or the same but for a factor for each row or column, into which a normalisation was folded. Names decide where
 * several have the same weights. Only then a name stands for weights that differ, since the model was trained further; and only a
 * correlation of 0.9 and more, which no second parameter has, where the name is gone too. Shape or place alone never is a match.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param transferred the masks that found a place, in the order of the receiving file; several where an exporter copied a weight
 * @param unmatched the masks that found none, or not for all of their rows, in the order of their file
 */
public record MaskTransfer(List<TransferredMask> transferred, List<UnmatchedMask> unmatched) {

    /** Copies the lists. */
    public MaskTransfer {
        transferred = List.copyOf(transferred);
        unmatched = List.copyOf(unmatched);
    }

    /**
     * Carries masks over. Reads all masked weights of both files; memory holds the masks, not the weights.
     *
     * @param masks the masks
     * @param from the model that they were made for
     * @param to the model that receives them, in any format
     * @param threads how many threads, >= 1; the result does not depend on it
     * @return what found a place and what did not
     * @throws MalformedFileException if the masks are not those of {@code from}
     * @throws IOException if reading fails
     */
    public static MaskTransfer of(MaskFile masks, Checkpoint from, Checkpoint to, int threads) throws IOException {
        Map<String, Mask> fitted = MaskFit.fit(masks, from, Optional.empty()).masks();
        List<Source> sources = Source.of(from, fitted);
        List<Parameter> targets = Parameter.of(to);
        Map<String, Found> found = new Matching(sources, targets, threads).run();
        Rows rows = Rows.of(sources, targets, found);
        List<TransferredMask> transferred = new ArrayList<>();
        for (Parameter target : targets) {
            Found one = found.get(target.name());
            if (one != null && one.source().mask() != null) {
                transferred.add(whole(target, one, one.source().mask()));
            }
            rows.transferred(target).ifPresent(transferred::add);
        }
        List<UnmatchedMask> unmatched = new Reasons(sources, targets, found, rows, to).unmatched();
        return new MaskTransfer(transferred, unmatched);
    }

    private static TransferredMask whole(Parameter target, Found one, Mask stored) {
        return new TransferredMask(
                target.name(),
                List.of(one.source().name()),
                one.how(),
                one.transposed(),
                one.content(),
                one.correlation(),
                target.order(),
                one.mask(stored));
    }

    /** {@return the masks as the receiving file keeps its parameters} */
    public StoredMasks masks() {
        Map<String, Mask> stored = new LinkedHashMap<>();
        Set<String> inOut = new LinkedHashSet<>();
        for (TransferredMask one : transferred) {
            stored.put(one.name(), one.mask());
            if (one.order() == StoredOrder.IN_OUT) {
                inOut.add(one.name());
            }
        }
        return new StoredMasks(stored, inOut, true);
    }

    /**
     * The masks as initial values go with them.
     *
     * @param baseline the initial values of the receiving file
     * @return the masks, outputs first, of the parameters that the baseline has
     */
    public Map<String, Mask> logical(Baseline baseline) {
        Map<String, Mask> logical = new LinkedHashMap<>();
        for (TransferredMask one : transferred) {
            baseline.find(one.name())
                    .ifPresent(initial -> logical.put(
                            one.name(),
                            initial.order() == StoredOrder.IN_OUT ? one.mask().transposed() : one.mask()));
        }
        return logical;
    }

    /**
     * The same without the masks whose pruned weights have no initial values to go back to: those of weights that were scaled, and
     * of weights that a baseline lacks.
     *
     * @param baseline the initial values of the receiving file
     * @return the masks that a fill with initial values can use; the others are unmatched
     */
    public MaskTransfer withInitialValues(Baseline baseline) {
        List<TransferredMask> kept = new ArrayList<>();
        List<UnmatchedMask> refused = new ArrayList<>(unmatched);
        for (TransferredMask one : transferred) {
            String why = obstacle(one, baseline);
            if (why.isEmpty()) {
                kept.add(one);
            } else {
                one.sources().stream()
                        .filter(source ->
                                refused.stream().noneMatch(known -> known.name().equals(source)))
                        .forEach(source -> refused.add(new UnmatchedMask(
                                source, "it is '" + one.name() + "', " + why + "; only zeros can be filled in")));
            }
        }
        return new MaskTransfer(kept, refused);
    }

    private static String obstacle(TransferredMask one, Baseline baseline) {
        if (one.content() == Content.SCALED) {
            return "into which a normalisation was folded: its weights are not those that were initialised";
        }
        if (baseline.find(one.name()).isEmpty()) {
            return "which has no initial values"
                    + Optional.ofNullable(baseline.unaudited().get(one.name()))
                            .map(reason -> ": " + reason)
                            .orElse("");
        }
        return "";
    }

    /** {@return one line for each mask that went by name to weights that differ from those it was made for} */
    public List<String> warnings() {
        return transferred.stream()
                .filter(one -> one.content() == Content.DIFFERS)
                .map(one -> one.name() + ": its weights differ from those of '"
                        + one.sources().get(0) + "' (correlation "
                        + String.format(java.util.Locale.ROOT, "%.4f", one.correlation())
                        + "): the model was trained further, or is another one")
                .toList();
    }
}
