package io.detinit.interop.mask;

import java.io.Serializable;

/**
 * What is to be counted of tensors that are ranked together.
 *
 * @param group their number
 * @param first the first of the tensors
 * @param end the tensor after the last
 * @param at -1: all rank keys by their upper 17 bits; else for histograms the upper bits of the keys that are counted by their lower 16
 *     bits, for ties the key
 */
public record GroupRequest(int group, int first, int end, long at) implements Serializable {

    /**
     * Whether a tensor is counted.
     *
     * @param tensor its number
     * @return true where it is in the group
     */
    public boolean has(int tensor) {
        return first <= tensor && tensor < end;
    }
}
