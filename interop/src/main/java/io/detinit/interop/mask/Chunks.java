package io.detinit.interop.mask;

import java.util.ArrayList;
import java.util.List;

/**
 * The chunks of several parameters in the order of addresses: parameters in file order, row-major in each.
 *
 * <p>Immutable; safe for use by many threads.
 */
final class Chunks {

    private final List<Prunable> parameters;
    private final long[] ends;

    /**
     * A chunk.
     *
     * @param parameter which parameter, by its place in the list
     * @param from the first weight, a multiple of 64
     * @param count how many, at most {@link ScoreChunk#SIZE}
     */
    record Chunk(int parameter, long from, int count) {}

    Chunks(List<Prunable> parameters) {
        this.parameters = parameters;
        this.ends = new long[parameters.size()];
        long end = 0;
        for (int k = 0; k < ends.length; k++) {
            end += (parameters.get(k).elements() + ScoreChunk.SIZE - 1) / ScoreChunk.SIZE;
            ends[k] = end;
        }
    }

    int count() {
        return ends.length == 0 ? 0 : Math.toIntExact(ends[ends.length - 1]);
    }

    Prunable parameter(Chunk chunk) {
        return parameters.get(chunk.parameter());
    }

    Chunk get(long number) {
        int parameter = 0;
        int high = ends.length - 1;
        while (parameter < high) {
            int middle = (parameter + high) >>> 1;
            if (ends[middle] > number) {
                high = middle;
            } else {
                parameter = middle + 1;
            }
        }
        long from = (number - (parameter == 0 ? 0 : ends[parameter - 1])) * ScoreChunk.SIZE;
        long rest = parameters.get(parameter).elements() - from;
        return new Chunk(parameter, from, (int) Math.min(ScoreChunk.SIZE, rest));
    }

    /** {@return a mask for each parameter that keeps nothing yet} */
    List<Mask> emptyMasks() {
        List<Mask> masks = new ArrayList<>();
        parameters.forEach(one -> masks.add(new Mask(one.tensor().info().shape())));
        return masks;
    }
}
