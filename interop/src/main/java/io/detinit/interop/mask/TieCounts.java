package io.detinit.interop.mask;

import java.io.Serializable;

/**
 * How many weights of consecutive chunks have the key of the cut, four bytes a chunk of {@link RankedTensor#CHUNK} weights. Chunks are
 * counted in the logical order, outputs first.
 */
@SuppressWarnings("ArrayRecordComponent") // read only, and never compared
public record TieCounts(int tensor, long firstChunk, int[] counts) implements Serializable {}
