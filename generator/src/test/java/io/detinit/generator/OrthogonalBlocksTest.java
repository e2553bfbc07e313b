package io.detinit.generator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The scheme {@code orthogonal_blocks}, for the stacked gates of recurrent layers. */
class OrthogonalBlocksTest {

    private static final int SIDE = 24;
    private static final Scheme BLOCKS = Scheme.orthogonalBlocks(Scheme.LECUN);

    @Test
    void everyBlockIsOrthonormalAndNoTwoAreEqual() {
        float[] weights = TensorInit.matrix(7, 3, 4 * SIDE, SIDE, BLOCKS).toArray();
        for (int block = 0; block < 4; block++) {
            for (int a = 0; a < SIDE; a++) {
                for (int b = 0; b < SIDE; b++) {
                    double dot = 0;
                    for (int j = 0; j < SIDE; j++) {
                        dot += (double) weights[(block * SIDE + a) * SIDE + j] * weights[(block * SIDE + b) * SIDE + j];
                    }
                    assertEquals(a == b ? 1 : 0, dot, 1e-6);
                }
            }
        }
        float[] first = Arrays.copyOfRange(weights, 0, SIDE * SIDE);
        float[] second = Arrays.copyOfRange(weights, SIDE * SIDE, 2 * SIDE * SIDE);
        assertTrue(!Arrays.equals(first, second));
    }

    /** The rows of the first block have the addresses of a square matrix of its own. */
    @Test
    void theFirstBlockIsTheSquareMatrixOfThatLayer() {
        float[] weights = TensorInit.matrix(7, 3, 3 * SIDE, SIDE, BLOCKS).toArray();
        float[] square = TensorInit.matrix(7, 3, SIDE, SIDE, Scheme.orthogonal(Scheme.LECUN))
                .toArray();
        assertArrayEquals(square, Arrays.copyOf(weights, SIDE * SIDE));
    }

    @Test
    void oneWeightBulkPartsAndDoublesAgree() {
        TensorInit init = TensorInit.matrix(-1, 0, 3 * SIDE, SIDE, Scheme.orthogonalBlocks(Scheme.custom(0.1)));
        float[] whole = init.toArray();
        float[] part = new float[SIDE * SIDE];
        init.fill(SIDE * SIDE / 2, part, 0, part.length);
        assertArrayEquals(Arrays.copyOfRange(whole, SIDE * SIDE / 2, SIDE * SIDE / 2 + part.length), part);
        for (int k = 0; k < whole.length; k += 5) {
            assertEquals(whole[k], init.weight(k / SIDE, k % SIDE));
            assertEquals(whole[k], (float) init.weightAsDouble(k / SIDE, k % SIDE));
        }
        assertEquals(0.1, init.std());
    }

    @Test
    void textRoundTripsAndWrongShapesAreRefused() {
        assertEquals("orthogonal_blocks:lecun", BLOCKS.toString());
        for (String text :
                new String[] {"orthogonal_blocks", "orthogonal_blocks:lecun", "orthogonal_blocks:custom:0.1"}) {
            assertEquals(text, Scheme.parse(text).toString());
        }
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> TensorInit.matrix(1, 0, 10, 4, BLOCKS));
        assertTrue(String.valueOf(e.getMessage()).contains("10 x 4"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new TensorInit(1, 0, TensorShape.of(4), BLOCKS));
        assertThrows(IllegalArgumentException.class, () -> Scheme.orthogonalBlocks(Scheme.ONES));
        assertThrows(IllegalArgumentException.class, () -> new Scheme(Scheme.Kind.ORTHOGONAL_BLOCKS, Double.NaN));
    }
}
