package io.detinit.interop.shrink;

/**
 * The inputs of a layer that reads an input of the model.
 *
 * @param layer the node's name, its first output where it has none
 * @param before how many inputs (columns, channels) it read
 * @param after how many it reads now
 * @param constant how many were removed because they never carried a signal: unmoved weights and a constant in the calibration
 *     set; they went into the bias
 * @param unread how many were removed because all their weights were 0
 */
public record ShrunkInputs(String layer, int before, int after, int constant, int unread) {}
