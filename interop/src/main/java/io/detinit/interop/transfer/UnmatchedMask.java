package io.detinit.interop.transfer;

/**
 * A mask that has no place in the other file.
 *
 * @param name the parameter in the file that the mask was made for
 * @param reason why, in words
 */
public record UnmatchedMask(String name, String reason) {}
