package io.detinit.interop.identify;

import java.util.OptionalLong;

/**
 * Where one parameter's initial values come from.
 *
 * @param name the parameter's name in the file
 * @param how how that is known
 * @param draw the position of its first draw; empty where nothing is drawn or the tensor was not placed
 * @param weights how many weights the figures are taken over: the first {@value TorchFigures#MOST} at most
 * @param identical how many of them still have the bits they began with, padding rows not counted
 * @param correlation of the weights with the initial values; NaN where they are constants or there is nothing to compare
 * @param pValue the probability that its module's weights correlate as well by chance, everything that was tried for the module
 *     counted; 1 where nothing is drawn
 * @param reason why it is not in the plan; empty where it is
 */
public record TorchPlacement(
        String name,
        How how,
        OptionalLong draw,
        long weights,
        long identical,
        double correlation,
        double pValue,
        String reason) {

    /** How a parameter was placed. */
    public enum How {
        /** Its module follows, on the stream, the module before it in the file, or begins the stream. */
        SEQUENCE,
        /** Its module correlates with a place elsewhere on the stream, found by trying them all. */
        FOUND,
        /** Its module is a copy of another one, which drew. */
        COPY,
        /** Too weak by itself, but it lies right before or between modules that are placed. */
        NEIGHBOURS,
        /** Nothing is drawn: zeros, ones, or another constant. */
        CONSTANT,
        /** Not placed. */
        NOT_PLACED
    }
}
