package io.detinit.models;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import java.util.List;

/**
 * Residual connections from DJL's own blocks: a {@link ParallelBlock} that adds up what its branches give.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class Residual {

    private Residual() {}

    /**
     * x + branch(x).
     *
     * @param branch keeps the shape of its input
     * @return a ParallelBlock of {@link Blocks#identityBlock()} and the branch
     */
    public static ParallelBlock around(Block branch) {
        return sumOf(Blocks.identityBlock(), branch);
    }

    /**
     * The sum of what several branches make of one input.
     *
     * @param branches give arrays of one shape
     * @return a ParallelBlock whose function is {@link #sum}
     */
    public static ParallelBlock sumOf(Block... branches) {
        return new ParallelBlock(Residual::sum, List.of(branches));
    }

    /**
     * The function of these blocks.
     *
     * @param branches one array from each branch, all of one shape
     * @return their sum, added from left to right
     */
    public static NDList sum(List<NDList> branches) {
        NDArray sum = branches.get(0).singletonOrThrow();
        for (NDList branch : branches.subList(1, branches.size())) {
            sum = sum.add(branch.singletonOrThrow());
        }
        return new NDList(sum);
    }
}
