package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The numbering of the seeds of several intervals. */
class SeedListTest {

    @Test
    void seedsFollowOneAnotherAndWrapAround() {
        SeedList list =
                new SeedList(List.of(new SeedInterval(-2, 4), SeedInterval.of(7), new SeedInterval(Long.MAX_VALUE, 2)));
        assertEquals(7, list.count());
        assertEquals(
                List.of(-2L, -1L, 0L, 1L, 7L, Long.MAX_VALUE, Long.MIN_VALUE),
                LongStream.range(0, 7).map(list::seed).boxed().toList());
    }

    @Test
    void impossibleListsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SeedInterval(3, 0));
        assertThrows(IllegalArgumentException.class, () -> new SeedList(List.of()));
        SeedInterval half = new SeedInterval(0, Long.MAX_VALUE);
        assertThrows(IllegalArgumentException.class, () -> new SeedList(List.of(half, half)));
    }
}
