package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rules of {@code torch.nn.init} beside PyTorch 1.13.1 and 2.15.0, which agree: a tensor of 6 x 8 x 2 after {@code torch.manual_seed(5)} and
 * three uniform draws, with {@code ATEN_CPU_CAPABILITY=avx2}.
 */
class TorchRuleTest {

    private static final TensorShape SHAPE = TensorShape.of(6, 8, 2);
    private static final int[] PLACES = {0, 1, 8, 31, 95};

    @ParameterizedTest
    @CsvSource({
        "KAIMING_UNIFORM, 16, 0, 3ec89dd0 3f03b78d 3da1f670 3eb9e71e 3ef65a38",
        "KAIMING_UNIFORM, 12, 0, 3ee7a6e4 3f1817fc 3dbb04b2 3ed6a97d 3f0e3b4c",
        "KAIMING_NORMAL, 16, 0, bf19fdc4 3f36c6e8 be844aca bed43acb be121cd6",
        "KAIMING_NORMAL, 12, 0, bf31d056 3f530d7d be98c201 bef50fcc be28b763",
        "XAVIER_NORMAL, 0, 0, bee8d01c 3f0a2a9a be4801c6 bea06e38 bddce6cd",
        "UNIFORM, 0, 0.1, 3d830ac8 3dac130a 3c53964d 3d72dcc7 3da0eaaf",
        "NORMAL, 0, 0.02, bd0b6082 3d256e4b bc6f7970 bcc0169e bc043eff"
    })
    void valuesOfPyTorch(TorchRule rule, long fan, double scale, String expected) {
        TorchFill fill = rule.fill(SHAPE, fan, scale, TorchEra.V1_2);
        float[] values =
                new TorchInit(5, StreamPosition.at(3), SHAPE, TorchDtype.FLOAT32, fill, TorchKernels.AVX2).floats();
        StringBuilder found = new StringBuilder();
        for (int place : PLACES) {
            found.append(found.isEmpty() ? "" : " ")
                    .append(String.format("%08x", Float.floatToRawIntBits(values[place])));
        }
        assertEquals(expected, found.toString());
    }

    /** {@code xavier_uniform_(gain=calculate_gain('tanh'))}: a bound of its own. */
    @Test
    void gainsAreBounds() {
        double bound = Math.sqrt(3.0) * (5.0 / 3 * Math.sqrt(2.0 / (16 + 12)));
        TorchFill fill = TorchRule.UNIFORM.fill(SHAPE, TorchRule.NO_FAN, bound, TorchEra.V1_2);
        float[] values =
                new TorchInit(5, StreamPosition.at(3), SHAPE, TorchDtype.FLOAT32, fill, TorchKernels.AVX2).floats();
        assertEquals(0x3efcc0c2, Float.floatToRawIntBits(values[0]));
        assertEquals(0x3f1b2ffc, Float.floatToRawIntBits(values[95]));
    }

    @ParameterizedTest
    @CsvSource({"UNIFORM, bound", "NORMAL, std"})
    void refusesScales(TorchRule rule, String word) {
        for (double scale : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class, () -> rule.fill(SHAPE, TorchRule.NO_FAN, scale, TorchEra.V1_2));
            assertTrue(refused.getMessage().contains("needs a " + word + " > 0"), refused.getMessage());
        }
        assertThrows(IllegalArgumentException.class, () -> rule.fill(SHAPE, TorchRule.NO_FAN, TorchEra.V1_2));
    }

    @Test
    void aScaleBelongsToItsRule() {
        InvalidPlanException refused = assertThrows(
                InvalidPlanException.class,
                () -> new TorchPlanned(
                        "w",
                        TensorShape.of(4, 6),
                        StoredOrder.OUT_IN,
                        TorchRule.LINEAR,
                        6,
                        0.1,
                        StreamPosition.START,
                        OptionalLong.empty(),
                        TorchDtype.FLOAT32,
                        TorchKernels.AVX2));
        assertEquals("tensor 'w': rule 'linear' has no scale, found 0.1", refused.getMessage());
    }
}
