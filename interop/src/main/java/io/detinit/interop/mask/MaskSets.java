package io.detinit.interop.mask;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Set algebra on the masks of one model, tensor by tensor; a mask is the set of the weights that it keeps.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class MaskSets {

    private MaskSets() {}

    /** What two masks are combined to. */
    public enum Operation {
        /** What both keep. */
        AND,
        /** What one of them keeps. */
        OR,
        /** What exactly one of them keeps. */
        XOR,
        /** What the first keeps and the second does not. */
        DIFFERENCE;

        Mask apply(Mask first, Mask second) {
            return switch (this) {
                case AND -> first.and(second);
                case OR -> first.or(second);
                case XOR -> first.xor(second);
                case DIFFERENCE -> first.difference(second);
            };
        }

        /** {@return the name on the command line} */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Combines the masks of two models.
     *
     * @param operation what is made of each pair
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return a new mask for each name, in the order of the first
     * @throws IllegalArgumentException if names or shapes differ; the message names the tensor and both shapes
     */
    public static Map<String, Mask> combine(Operation operation, Map<String, Mask> first, Map<String, Mask> second) {
        requireSameModel(first, second);
        Map<String, Mask> combined = new LinkedHashMap<>();
        first.forEach((name, mask) -> combined.put(name, operation.apply(mask, other(second, name))));
        return combined;
    }

    /**
     * What both keep.
     *
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return new masks
     * @throws IllegalArgumentException if names or shapes differ
     */
    public static Map<String, Mask> and(Map<String, Mask> first, Map<String, Mask> second) {
        return combine(Operation.AND, first, second);
    }

    /**
     * What one of them keeps.
     *
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return new masks
     * @throws IllegalArgumentException if names or shapes differ
     */
    public static Map<String, Mask> or(Map<String, Mask> first, Map<String, Mask> second) {
        return combine(Operation.OR, first, second);
    }

    /**
     * What exactly one of them keeps.
     *
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return new masks
     * @throws IllegalArgumentException if names or shapes differ
     */
    public static Map<String, Mask> xor(Map<String, Mask> first, Map<String, Mask> second) {
        return combine(Operation.XOR, first, second);
    }

    /**
     * What the first keep and the second do not.
     *
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return new masks
     * @throws IllegalArgumentException if names or shapes differ
     */
    public static Map<String, Mask> difference(Map<String, Mask> first, Map<String, Mask> second) {
        return combine(Operation.DIFFERENCE, first, second);
    }

    /**
     * What the masks prune.
     *
     * @param masks masks by name
     * @return new masks of the same names and shapes
     */
    public static Map<String, Mask> not(Map<String, Mask> masks) {
        Map<String, Mask> inverted = new LinkedHashMap<>();
        masks.forEach((name, mask) -> inverted.put(name, mask.not()));
        return inverted;
    }

    /**
     * How far two models' masks agree.
     *
     * @param first masks by name
     * @param second masks of the same names and shapes
     * @return one entry for each tensor, in the order of the first; {@link MaskOverlap#total} sums them up
     * @throws IllegalArgumentException if names or shapes differ
     */
    public static List<MaskOverlap> overlap(Map<String, Mask> first, Map<String, Mask> second) {
        requireSameModel(first, second);
        List<MaskOverlap> overlaps = new ArrayList<>();
        first.forEach((name, mask) -> overlaps.add(MaskOverlap.of(name, mask, other(second, name))));
        return overlaps;
    }

    /**
     * The first way in which two models' masks do not fit together.
     *
     * @param name the tensor
     * @param first its shape in the first, or {@code no mask}
     * @param second its shape in the second, or {@code no mask}
     */
    public record Difference(String name, String first, String second) {}

    /**
     * Whether masks are those of one model.
     *
     * @param first masks by name
     * @param second masks by name
     * @return the first tensor that one of them lacks or has in another shape, empty where all fit
     */
    public static Optional<Difference> differenceOfModels(Map<String, Mask> first, Map<String, Mask> second) {
        for (Map.Entry<String, Mask> entry : first.entrySet()) {
            String shape = entry.getValue().shape().toString();
            Mask other = second.get(entry.getKey());
            String found = other == null ? "no mask" : other.shape().toString();
            if (!found.equals(shape)) {
                return Optional.of(new Difference(entry.getKey(), shape, found));
            }
        }
        return second.entrySet().stream()
                .filter(entry -> !first.containsKey(entry.getKey()))
                .map(entry -> new Difference(
                        entry.getKey(), "no mask", entry.getValue().shape().toString()))
                .findFirst();
    }

    private static Mask other(Map<String, Mask> second, String name) {
        return java.util.Objects.requireNonNull(second.get(name), name);
    }

    private static void requireSameModel(Map<String, Mask> first, Map<String, Mask> second) {
        differenceOfModels(first, second).ifPresent(difference -> {
            throw new IllegalArgumentException("masks of different models: tensor '" + difference.name() + "' has "
                    + difference.first() + " in the first and " + difference.second() + " in the second");
        });
    }
}
