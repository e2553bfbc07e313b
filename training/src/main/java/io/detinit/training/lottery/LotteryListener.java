package io.detinit.training.lottery;

import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.Map;

/** Is told how a lottery goes on; called on the training thread. */
public interface LotteryListener {

    /** Listens to nothing. */
    LotteryListener NONE = new LotteryListener() {};

    /**
     * A step is done.
     *
     * @param progress how far it is
     */
    default void onStep(LotteryProgress progress) {}

    /**
     * A training is done, and its result kept.
     *
     * @param result what it brought
     * @param masks its masks by parameter name, in state-dict order
     * @throws IOException if the listener cannot write; the lottery ends then
     */
    default void onRound(RoundResult result, Map<String, Mask> masks) throws IOException {}
}
