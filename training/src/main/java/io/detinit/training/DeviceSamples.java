package io.detinit.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;

/** Samples on a device. Holds native memory: close it. Not thread-safe. */
public final class DeviceSamples implements AutoCloseable {

    private final NDManager manager;
    private final NDArray features;
    private final NDArray labels;
    private final int count;

    DeviceSamples(NDManager owner, Samples samples, Shape sampleShape) {
        this(owner, samples, 0, samples.count(), sampleShape);
    }

    /** The samples from one to before another. */
    DeviceSamples(NDManager owner, Samples samples, int from, int to, Shape sampleShape) {
        this.manager = owner.newSubManager();
        this.count = to - from;
        FloatBuffer part = FloatBuffer.wrap(samples.features())
                .slice(Math.multiplyExact(from, samples.width()), Math.multiplyExact(count, samples.width()));
        // an array made from Java memory stays there, and the last bits of a product can depend on how that is aligned
        try (NDArray java = manager.create(part, new Shape(count).addAll(sampleShape), DataType.FLOAT32)) {
            this.features = java.duplicate();
        }
        long[] values = new long[count];
        for (int k = 0; k < count; k++) {
            values[k] = samples.labels()[from + k];
        }
        this.labels = manager.create(values);
    }

    /** {@return how many samples there are} */
    public int count() {
        return count;
    }

    /** Picks samples by their numbers, int64 [n]. */
    NDArray features(NDManager owner, NDArray picked) {
        return features.get(owner, new NDIndex("{}", picked));
    }

    NDArray labels(NDManager owner, NDArray picked) {
        return labels.get(owner, new NDIndex("{}", picked));
    }

    /** The samples from one to before another. */
    NDArray features(NDManager owner, int from, int to) {
        return features.get(owner, new NDIndex().addSliceDim(from, to));
    }

    NDArray labels(NDManager owner, int from, int to) {
        return labels.get(owner, new NDIndex().addSliceDim(from, to));
    }

    /** The first samples, valid as long as these are. */
    NDArray first(int most) {
        return features(manager, 0, Math.min(most, count));
    }

    @Override
    public void close() {
        manager.close();
    }
}
