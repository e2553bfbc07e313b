package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a correlation says of a seed. */
class SeedEvidenceTest {

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
