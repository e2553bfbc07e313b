package io.detinit.training.lottery;

/**
 * How far a lottery is.
 *
 * @param seed the replicate under way
 * @param round its round
 * @param variant what is trained
 * @param training the number of this training among all of the lottery, from 1; those that were done before count
 * @param trainings how many there are
 * @param stepsDone steps done by this call
 * @param stepsToDo steps that this call has to do in all
 */
public record LotteryProgress(
        long seed, int round, Variant variant, int training, int trainings, long stepsDone, long stepsToDo) {

    /** {@return the part of the steps of this call that is done, in [0, 1]} */
    public double fraction() {
        return stepsToDo == 0 ? 1 : (double) stepsDone / stepsToDo;
    }
}
