package io.detinit.interop.transfer;

import io.detinit.interop.mask.Mask;

/**
 * What a parameter of the receiving file is.
 *
 * @param source the parameter of the other file
 * @param how what led to it
 * @param transposed whether the files keep it with its axes exchanged
 * @param content how the weights compare
 * @param correlation of the weights; NaN unless they differ
 */
record Found(Source source, How how, boolean transposed, Content content, double correlation) {

    static Found of(Source source, How how, boolean transposed, Content content) {
        return new Found(source, how, transposed, content, Double.NaN);
    }

    Mask mask(Mask stored) {
        return transposed ? stored.transposed() : stored;
    }
}
