package io.detinit.interop.shrink;

/**
 * Something that stays as it is.
 *
 * @param place the layer or the model, for people
 * @param units how many of its units or inputs
 * @param reason why
 */
public record LeftAlone(String place, int units, String reason) {}
