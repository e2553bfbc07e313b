package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logarithms of tail probabilities. */
class SeedTailTest {

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
        assertEquals(log, SeedTail.logUpper(z), 1e-9 * Math.min(1, Math.abs(log)) + 1e-15 * Math.abs(log));
    }

    @Test
    void aPValueIsCorrectedForEverythingTried() {
        SeedEvidence one = SeedEvidence.of(0.1, 10_000, 1); // z = 10
        SeedEvidence many = SeedEvidence.of(0.1, 10_000, 1e6);
        assertEquals(Math.log(1e6), many.logPValue() - one.logPValue(), 1e-9);
        assertEquals(7.61985302416e-24, one.pValue(), 1e-32);
        assertTrue(many.found());
        assertFalse(SeedEvidence.of(0.1, 10_000, 1e18).found());
        assertEquals(1, SeedEvidence.of(0, 10_000, 1e6).pValue());
    }

    @Test
    void aConstantTellsNothing() {
        assertEquals(new SeedEvidence(0, 0, 0), SeedEvidence.of(Double.NaN, 500, 10));
    }

    @Test
    void whatUnderflowsHasALogarithm() {
        SeedEvidence certain = SeedEvidence.of(1, 1_000_000, 1);
        assertEquals(0, certain.pValue());
        assertEquals(-500_007.8 / Math.log(10), certain.log10PValue(), 0.1);
    }
}
