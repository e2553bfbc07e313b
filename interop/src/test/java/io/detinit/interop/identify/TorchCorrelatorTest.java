package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.Mt19937;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The transform against its definition, and sliding against multiplying out. */
class TorchCorrelatorTest {

    private static float[] noise(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int k = 0; k < n; k++) {
            values[k] = (float) (random.nextDouble() - 0.5);
        }
        return values;
    }

    /** The index at which digit-reversed order keeps a frequency. */
    private static int reversed(int frequency, int size) {
        int place = 0;
        for (int rest = frequency, left = size; left > 1; left /= 4, rest /= 4) {
            place = 4 * place + rest % 4;
        }
        return place;
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 16, 64, 256})
    void transformsAsDefined(int size) {
        float[] re = noise(size, 1);
        float[] im = noise(size, 2);
        float[] spectrumRe = re.clone();
        float[] spectrumIm = im.clone();
        TorchFourier fourier = new TorchFourier(size);
        fourier.forward(spectrumRe, spectrumIm);
        for (int frequency = 0; frequency < size; frequency++) {
            double sumRe = 0;
            double sumIm = 0;
            for (int k = 0; k < size; k++) {
                double angle = -2 * Math.PI * frequency * k / size;
                sumRe += re[k] * Math.cos(angle) - im[k] * Math.sin(angle);
                sumIm += re[k] * Math.sin(angle) + im[k] * Math.cos(angle);
            }
            assertEquals(sumRe, spectrumRe[reversed(frequency, size)], 1e-4, "frequency " + frequency);
            assertEquals(sumIm, spectrumIm[reversed(frequency, size)], 1e-4, "frequency " + frequency);
        }
        fourier.inverse(spectrumRe, spectrumIm);
        for (int k = 0; k < size; k++) {
            assertEquals(re[k], spectrumRe[k] / size, 1e-5, "place " + k);
            assertEquals(im[k], spectrumIm[k] / size, 1e-5, "place " + k);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 8, 32, 60})
    void transformsPowersOfFourOnly(int size) {
        assertThrows(IllegalArgumentException.class, () -> new TorchFourier(size));
    }

    private static int[] draws(long seed) {
        Mt19937 stream = new Mt19937(seed);
        int[] draws = new int[TorchCorrelator.DRAWS];
        for (int k = 0; k < draws.length; k++) {
            draws[k] = stream.next();
        }
        return draws;
    }

    private static float[] values(long seed, long draw, int elements, TorchDtype dtype, TorchFill fill) {
        TorchInit init =
                new TorchInit(seed, StreamPosition.at(draw), TensorShape.of(elements), dtype, fill, TorchKernels.AVX2);
        double[] doubles = init.doubles();
        float[] floats = new float[elements];
        for (int k = 0; k < elements; k++) {
            floats[k] = (float) doubles[k];
        }
        return floats;
    }

    /** Values that a seed makes at a draw are found at that draw of its stream, whichever of the two stretches that is. */
    @ParameterizedTest
    @CsvSource({
        "0, 300",
        "1, 64",
        "4711, 300",
        "8191, 8192",
        "5000, 20",
        "7777, 8000",
    })
    void findsWhereValuesWereDrawn(int draw, int elements) {
        double unit = Math.sqrt(3);
        for (TorchDtype dtype : new TorchDtype[] {TorchDtype.FLOAT32, TorchDtype.FLOAT64}) {
            boolean wide = dtype == TorchDtype.FLOAT64;
            for (boolean normal : new boolean[] {false, true}) {
                if (wide && normal) {
                    continue;
                }
                TorchFill fill = normal ? new TorchFill.Normal(0, 1) : TorchFill.Uniform.within(unit);
                int n = Math.max(elements, normal ? 32 : 0);
                float[] values = values(5, draw, n, dtype, fill);
                TorchAnchor anchor = new TorchAnchor();
                if (normal) {
                    anchor.addNormal(0, values, n);
                } else if (wide) {
                    anchor.addWideUniform(0, values);
                } else {
                    anchor.addUniform(0, values);
                }
                TorchCorrelator correlator = new TorchCorrelator();
                TorchProbe probe = new TorchProbe(anchor);
                correlator.load(draws(5), draws(6), probe.parts());
                TorchCorrelator.Best best = correlator.slide(probe);
                String where = dtype + (normal ? " normal" : " uniform");
                assertEquals(draw, best.first(), where);
                assertEquals(Math.sqrt(anchor.weights()), best.firstZ(), 0.35 * Math.sqrt(anchor.weights()), where);
                assertTrue(best.secondZ() < best.firstZ(), where);
                assertTrue(anchor.cosine(draws(5), draw) > 0.999, where);
                correlator.load(draws(6), draws(5), probe.parts());
                assertEquals(draw, correlator.slide(probe).second(), where);
            }
        }
    }

    /** Weights at distances from one another, against the sum multiplied out. */
    @Test
    void slidesSeveralTensorsTogether() {
        float[] first = noise(100, 3);
        float[] second = noise(50, 4);
        TorchAnchor anchor = new TorchAnchor();
        anchor.addUniform(10, first);
        anchor.addUniform(3000, second);
        anchor.addUniform(TorchAnchor.LONGEST - 5L, second); // of which five fit
        assertEquals(155, anchor.weights());
        int[] draws = draws(9);
        float[] units = new float[TorchCorrelator.SIZE];
        TorchSignal.uniforms(draws, units);
        double most = 0;
        int best = 0;
        for (int position = 0; position < TorchCorrelator.POSITIONS; position++) {
            double sum = 0;
            for (int k = 0; k < 100; k++) {
                sum += first[k] * units[position + 10 + k];
            }
            for (int k = 0; k < 50; k++) {
                sum += second[k] * units[position + 3000 + k];
            }
            for (int k = 0; k < 5; k++) {
                sum += second[k] * units[position + TorchAnchor.LONGEST - 5 + k];
            }
            if (sum > most) {
                most = sum;
                best = position;
            }
        }
        TorchCorrelator correlator = new TorchCorrelator();
        TorchProbe probe = new TorchProbe(anchor);
        correlator.load(draws, draws(10), probe.parts());
        TorchCorrelator.Best found = correlator.slide(probe);
        assertEquals(best, found.first());
        assertEquals(most / anchor.norm(), found.firstZ(), 1e-3);
    }

    /** The bound holds: of 200,000 positions of unrelated draws none exceeds what one in 10^8 may. */
    @Test
    void chanceIsBounded() {
        TorchAnchor anchor = new TorchAnchor();
        float[] weights = noise(64, 12);
        weights[3] = 20; // an outlier
        anchor.addUniform(0, weights);
        TorchProbe probe = new TorchProbe(anchor);
        TorchCorrelator correlator = new TorchCorrelator();
        double most = 0;
        double positions = 0;
        for (int seed = 100; seed < 124; seed += 2) {
            correlator.load(draws(seed), draws(seed + 1), probe.parts());
            TorchCorrelator.Best best = correlator.slide(probe);
            most = Math.max(most, Math.max(best.firstZ(), best.secondZ()));
            positions += 2 * TorchCorrelator.POSITIONS;
        }
        assertTrue(TorchChance.of(most, positions) > 1e-4, "z " + most); // false failure: 1e-4 or less
        assertTrue(most > 1, "z " + most);
    }

    @Test
    void chanceOfTheLargestAndTheSmallest() {
        assertEquals(1, TorchChance.of(-3, 1));
        assertEquals(1, TorchChance.of(2, 1e9));
        assertEquals(Math.exp(-18), TorchChance.of(6, 1), 1e-12);
        assertEquals(0, TorchChance.of(100, 1e12));
        assertEquals(1, TorchChance.ofBits(0, 1000));
        assertEquals(Math.pow(1000 * 0x1p-22, 3) / 6, TorchChance.ofBits(3, 1000), 1e-15);
    }
}
