package io.detinit.interop.delta;

import java.util.List;

/**
 * What was packed.
 *
 * @param delta what the delta file says of itself
 * @param bytes the size of the delta file
 * @param maskBytes how many of them are masks
 * @param valueBytes how many of them are kept values
 * @param wholeBytes how many of them are tensors that are kept whole
 * @param skeletonBytes how many of them are the skeleton
 * @param notes one line for each thing that the user should know
 */
public record DeltaReport(
        DeltaRecord delta,
        long bytes,
        long maskBytes,
        long valueBytes,
        long wholeBytes,
        long skeletonBytes,
        List<String> notes) {

    /** Copies the list. */
    public DeltaReport {
        notes = List.copyOf(notes);
    }
}
