package io.detinit.interop.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tail probabilities and their logarithms. */
class NormalTailTest {

    /** mpmath 1.3, 40 digits: {@code log(erfc(z / sqrt(2)) / 2)}. */
    @ParameterizedTest
    @CsvSource({
        "-8, -6.2209605742717860585e-16",
        "-1, -0.17275377902344988953",
        "0, -0.69314718055994530942",
        "0.5, -1.1759117615936186089",
        "2.9999, -6.6073979162920546277",
        "3, -6.6077262215103495433",
        "5, -15.064998393988725736",
        "12, -75.410673001568795939",
        "40, -804.60844201375378817",
        "1000, -500007.82669481218431"
    })
    void areThoseOfMpmath(double z, double log) {
        assertEquals(log, NormalTail.logUpper(z), 1e-9 * Math.min(1, Math.abs(log)) + 1e-15 * Math.abs(log));
    }

    @Test
    void areKnownProbabilities() {
        assertEquals(0.5, NormalTail.upper(0), 1e-12);
        assertEquals(0.15865525393145705, NormalTail.upper(1), 1e-12);
        assertEquals(0.0013498980316300946, NormalTail.upper(3), 1e-14);
        assertEquals(2.866515718791939e-7, NormalTail.upper(5), 1e-17);
        assertEquals(7.61985302416052e-24, NormalTail.upper(10), 1e-33);
        assertEquals(1 - 0.0013498980316300946, NormalTail.upper(-3), 1e-12);
    }
}
