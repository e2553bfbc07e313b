package io.detinit.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.ParameterStore;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The article that this project implements says that std 1/sqrt(d_model) for Q, K and V keeps attention scores in [-0.1, 0.1]. Measured
 * with inputs of mean 0 and variance 1 that are independent of each other: q and k have variance 1, so that q k / sqrt(d_head) has
 * variance 1 too, and P(|N(0, 1)| < 0.1) = 0.0797.
 */
class AttentionScoresTest {

    private static final int TOKENS = 256;

    /** The seed is fixed, so it cannot fail by chance. */
    @ParameterizedTest
    @CsvSource({"64, 4", "512, 8", "768, 12"})
    void mostScoresLieOutside(int width, int heads) {
        ScaledDotProductAttentionBlock attention = ScaledDotProductAttentionBlock.builder()
                .setEmbeddingSize(width)
                .setHeadCount(heads)
                .build();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Seeding.seed(attention, 42, Roles.rules(attention), manager, DataType.FLOAT32, new Shape(1, TOKENS, width));
            NDArray x = manager.create(
                    TensorInit.matrix(42, 1000, TOKENS, width, Scheme.custom(1)).toArray(), new Shape(TOKENS, width));
            ParameterStore store = new ParameterStore(manager, false);
            long head = width / heads;
            NDArray queries = heads(attention.getQueryProjection().forward(store, new NDList(x), false), heads, head);
            NDArray keys = heads(attention.getKeyProjection().forward(store, new NDList(x), false), heads, head);
            NDArray raw = queries.matMul(keys.transpose(0, 2, 1));
            float[] scores = raw.div((float) Math.sqrt(head)).toFloatArray();
            assertEquals(heads * TOKENS * TOKENS, scores.length);
            double std = ModelBlocksTest.std(scores);
            double inside = share(scores);
            double insideRaw = share(raw.toFloatArray());
            System.getLogger(AttentionScoresTest.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            () -> String.format(
                                    Locale.ROOT,
                                    "d_model %d, %d heads: std of the scores %.3f, in [-0.1, 0.1] %.2f %%, before the division"
                                            + " by sqrt(d_head) %.2f %%",
                                    width,
                                    heads,
                                    std,
                                    100 * inside,
                                    100 * insideRaw));
            assertEquals(1, std, 0.1);
            assertEquals(0.0797, inside, 0.01);
            assertTrue(insideRaw < 0.03, "before the division " + insideRaw);
        }
    }

    private static NDArray heads(NDList projected, int heads, long head) {
        return projected.singletonOrThrow().reshape(TOKENS, heads, head).transpose(1, 0, 2);
    }

    private static double share(float[] scores) {
        int inside = 0;
        for (float score : scores) {
            inside += Math.abs(score) <= 0.1f ? 1 : 0;
        }
        return (double) inside / scores.length;
    }
}
