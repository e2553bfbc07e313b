package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks as sets, against Java's own sets. */
class MaskSetsTest {

    private static Mask random(TensorShape shape, double density, long seed) {
        Random random = new Random(seed);
        return Mask.of(shape, element -> random.nextDouble() < density);
    }

    private static Set<Long> set(Mask mask) {
        Set<Long> kept = new HashSet<>();
        for (long element = 0; element < mask.size(); element++) {
            if (mask.keeps(element)) {
                kept.add(element);
            }
        }
        return kept;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 63, 64, 65, 1000})
    void algebraIsThatOfSets(long elements) {
        TensorShape shape = TensorShape.of(elements);
        Mask a = random(shape, 0.3, 1);
        Mask b = random(shape, 0.6, 2);
        Set<Long> and = new HashSet<>(set(a));
        and.retainAll(set(b));
        Set<Long> or = new HashSet<>(set(a));
        or.addAll(set(b));
        Set<Long> difference = new HashSet<>(set(a));
        difference.removeAll(set(b));
        Set<Long> xor = new HashSet<>(or);
        xor.removeAll(and);
        assertEquals(and, set(a.and(b)));
        assertEquals(or, set(a.or(b)));
        assertEquals(difference, set(a.difference(b)));
        assertEquals(xor, set(a.xor(b)));
        assertEquals(elements - a.kept(), a.not().kept(), "no bit beyond the last weight is set");
        assertEquals(a, a.not().not());
        assertEquals(and.size(), a.keptInBoth(b));
        assertEquals(a.or(b), a.not().and(b.not()).not(), "De Morgan");
    }

    @Test
    void mapsAreCombinedTensorByTensor() {
        TensorShape one = TensorShape.of(3, 5);
        TensorShape two = TensorShape.of(70);
        Map<String, Mask> a = new java.util.LinkedHashMap<>();
        a.put("z", random(one, 0.5, 1));
        a.put("a", random(two, 0.5, 2));
        Map<String, Mask> b = Map.of("a", random(two, 0.5, 3), "z", random(one, 0.5, 4));
        assertEquals(List.of("z", "a"), List.copyOf(MaskSets.and(a, b).keySet()), "the order of the first");
        assertEquals(a.get("z").and(b.get("z")), MaskSets.and(a, b).get("z"));
        assertEquals(a.get("z").or(b.get("z")), MaskSets.or(a, b).get("z"));
        assertEquals(a.get("a").xor(b.get("a")), MaskSets.xor(a, b).get("a"));
        assertEquals(
                a.get("a").difference(b.get("a")), MaskSets.difference(a, b).get("a"));
        assertEquals(a.get("a").not(), MaskSets.not(a).get("a"));
        List<MaskOverlap> overlaps = MaskSets.overlap(a, b);
        assertEquals(List.of("z", "a"), overlaps.stream().map(MaskOverlap::name).toList());
        MaskOverlap total = MaskOverlap.total(overlaps);
        assertEquals(85, total.elements());
        assertEquals(overlaps.get(0).keptInBoth() + overlaps.get(1).keptInBoth(), total.keptInBoth());
    }

    @Test
    void overlapIsCountedByHand() {
        TensorShape shape = TensorShape.of(2, 4);
        Mask a = Mask.of(shape, element -> element < 4); // 0 1 2 3
        Mask b = Mask.of(shape, element -> element >= 3 && element < 5); // 3 4
        MaskOverlap overlap = MaskOverlap.of("w", a, b);
        assertEquals(new MaskOverlap("w", 8, 4, 2, 1, 1.0), overlap);
        assertEquals(1.0 / 5, overlap.jaccard());
        assertEquals(3.0 / 7, overlap.jaccardOfPruned(), "5 6 7 of all but 3");
        assertEquals(1.0 / 5, overlap.jaccardByChance());
        MaskOverlap same = MaskOverlap.of("w", a, a);
        assertEquals(1, same.jaccard());
        assertEquals(1, same.jaccardOfPruned());
        Mask nothing = Mask.of(shape, element -> false);
        assertEquals(1, MaskOverlap.of("w", nothing, nothing).jaccard());
        assertEquals(0, MaskOverlap.of("w", nothing, a).jaccard());
    }

    /** The mean overlap of independent random masks is what is reported: 6 standard deviations are allowed. */
    @Test
    void chanceIsWhatRandomMasksGive() {
        TensorShape shape = TensorShape.of(400, 500);
        MaskOverlap overlap = MaskOverlap.of("w", random(shape, 0.2, 5), random(shape, 0.35, 6));
        double expected = overlap.keptInBothByChance();
        assertTrue(Math.abs(overlap.keptInBoth() - expected) < 6 * Math.sqrt(expected), overlap::toString);
        assertEquals(overlap.jaccardByChance(), overlap.jaccard(), 0.01);
    }

    @Test
    void transposingExchangesTheAxes() {
        Mask mask = random(TensorShape.of(7, 11), 0.4, 3);
        Mask turned = mask.transposed();
        assertEquals(TensorShape.of(11, 7), turned.shape());
        for (int i = 0; i < 7; i++) {
            for (int j = 0; j < 11; j++) {
                assertEquals(mask.keeps(i * 11 + j), turned.keeps(j * 7 + i));
            }
        }
        assertEquals(mask, turned.transposed());
        assertNotEquals(mask, turned);
        Mask cube = random(TensorShape.of(2, 2, 2), 0.5, 1);
        assertThrows(IllegalArgumentException.class, cube::transposed);
    }

    @Test
    void masksOfDifferentModelsAreNamed() {
        Map<String, Mask> a = Map.of("fc.weight", random(TensorShape.of(3, 4), 0.5, 1));
        Map<String, Mask> turned = Map.of("fc.weight", random(TensorShape.of(4, 3), 0.5, 1));
        String message = assertThrows(IllegalArgumentException.class, () -> MaskSets.or(a, turned))
                .getMessage();
        assertEquals(
                "masks of different models: tensor 'fc.weight' has [3, 4] in the first and [4, 3] in the second",
                message);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> MaskSets.overlap(a, Map.of()))
                .getMessage()
                .contains("'fc.weight' has [3, 4] in the first and no mask"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> MaskSets.and(Map.of(), a))
                .getMessage()
                .contains("no mask in the first"));
        Mask other = random(TensorShape.of(12), 0.5, 1);
        assertThrows(IllegalArgumentException.class, () -> other.and(a.get("fc.weight")));
        assertThrows(IllegalArgumentException.class, () -> Mask.of(TensorShape.of(1L << 40), element -> true));
    }
}
