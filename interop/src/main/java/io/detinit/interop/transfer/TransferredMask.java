package io.detinit.interop.transfer;

import io.detinit.generator.StoredOrder;
import io.detinit.interop.mask.Mask;
import java.util.List;

/**
 * A mask at its new place.
 *
 * @param name the parameter in the file that receives the mask
 * @param sources the parameters in the file that the mask was made for; several only where {@code how} is ROWS
 * @param how what led to the match
 * @param transposed whether the two files keep the matrix with its axes exchanged
 * @param content how the weights compare
 * @param correlation Pearson's r of the weights, in [-1, 1]; NaN unless the content DIFFERS
 * @param order which way round the receiving file keeps the parameter
 * @param mask 1 = keep, in the shape and axis order in which the receiving file keeps the parameter
 */
public record TransferredMask(
        String name,
        List<String> sources,
        How how,
        boolean transposed,
        Content content,
        double correlation,
        StoredOrder order,
        Mask mask) {

    /** Copies the list. */
    public TransferredMask {
        sources = List.copyOf(sources);
    }
}
