package io.detinit.training.data;

/** Labelled samples as they were read, before any normalisation. Safe for use by many threads. */
sealed interface SampleSet permits ImageSet, TableSet {

    /** {@return how many samples there are} */
    int count();

    /** {@return the shape of a sample without the batch axis} */
    long[] sampleShape();

    /** {@return how many classes there are} */
    int classes();

    /** {@return the labels, [count], each in [0, classes); not copied} */
    int[] labels();

    /** {@return the SHA-256 of shape, values and labels, 64 hex digits} */
    String sha256();

    /**
     * Some samples.
     *
     * @param samples their numbers, each in [0, count), at least one
     * @return a copy of them, in this order
     */
    SampleSet pick(int[] samples);
}
