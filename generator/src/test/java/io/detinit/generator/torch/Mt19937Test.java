package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Known answers of the C++ standard's {@code std::mt19937}, whose default seed is 5489. */
class Mt19937Test {

    @Test
    void firstAndTenThousandthOfTheDefaultSeed() {
        Mt19937 stream = new Mt19937(5489);
        assertEquals(3499211612L, Integer.toUnsignedLong(stream.next()));
        stream.skip(9998);
        assertEquals(4123659995L, Integer.toUnsignedLong(stream.next()));
        assertEquals(10000, stream.position());
    }

    @Test
    void onlyTheLowWordOfTheSeedMatters() {
        assertEquals(new Mt19937(42).next(), new Mt19937(42 + (7L << 32)).next());
        assertEquals(new Mt19937(-1).next(), new Mt19937(0xFFFF_FFFFL).next());
    }

    @Test
    void sixtyFourBitsAreTwoDrawsHighWordFirst() {
        Mt19937 words = new Mt19937(7);
        long high = Integer.toUnsignedLong(words.next());
        long low = Integer.toUnsignedLong(words.next());
        assertEquals(high << 32 | low, new Mt19937(7).next64());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 623, 624, 625, 1247, 1248, 1249, 5000})
    void skippingIsDrawing(long draws) {
        for (int before : new int[] {0, 1, 623, 624, 700}) {
            Mt19937 drawn = new Mt19937(3);
            Mt19937 skipped = new Mt19937(3);
            for (int i = 0; i < before; i++) {
                assertEquals(drawn.next(), skipped.next());
            }
            for (long i = 0; i < draws; i++) {
                drawn.next();
            }
            skipped.skip(draws);
            assertEquals(drawn.position(), skipped.position());
            for (int i = 0; i < 700; i++) {
                assertEquals(drawn.next(), skipped.next());
            }
        }
    }

    /** Known answers of libstdc++'s {@code std::mt19937 g(42); g.discard(4294967296)}. */
    @Test
    void drawsBeyondTheFirstFourBillion() {
        Mt19937 stream = new Mt19937(42);
        stream.skip(1L << 32);
        assertEquals(2631300402L, Integer.toUnsignedLong(stream.next()));
        assertEquals(2113062336L, Integer.toUnsignedLong(stream.next()));
        assertEquals(866586899L, Integer.toUnsignedLong(stream.next()));
        assertEquals((1L << 32) + 3, stream.position());
    }

    @Test
    void theStreamRunsForwardOnly() {
        assertThrows(IllegalArgumentException.class, () -> new Mt19937(0).skip(-1));
        Mt19937 stream = new Mt19937(0);
        stream.skip(5);
        assertThrows(ArithmeticException.class, () -> stream.skip(Long.MAX_VALUE));
        assertEquals(5, stream.position());
    }
}
