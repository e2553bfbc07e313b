package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TorchSeedsTest {

    @Test
    void countsRangesAndSingleSeeds() {
        TorchSeeds seeds = TorchSeeds.range(5, 8).then(TorchSeeds.of(List.of(1234L, -1L)));
        assertEquals(5, seeds.size());
        assertEquals(5, seeds.get(0));
        assertEquals(7, seeds.get(2));
        assertEquals(1234, seeds.get(3));
        assertEquals(-1, seeds.get(4));
        assertThrows(IndexOutOfBoundsException.class, () -> seeds.get(5));
        assertThrows(IndexOutOfBoundsException.class, () -> seeds.get(-1));
        assertThrows(IllegalArgumentException.class, () -> TorchSeeds.range(3, 2));
        assertThrows(IllegalArgumentException.class, () -> TorchSeeds.range(Long.MIN_VALUE, Long.MAX_VALUE));
    }

    @Test
    void theUsualOnesAreEachTriedOnce() {
        Set<Integer> low = new HashSet<>();
        for (long k = 0; k < TorchSeeds.USUAL.size(); k++) {
            low.add((int) TorchSeeds.USUAL.get(k));
        }
        assertEquals(TorchSeeds.USUAL.size(), low.size());
    }
}
