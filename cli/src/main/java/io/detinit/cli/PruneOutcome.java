package io.detinit.cli;

import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.verify.Score;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a pruning came to.
 *
 * @param report what was pruned
 * @param bytesBefore the size of the input
 * @param bytesAfter the size of the output
 * @param search how the sparsity was found, where a budget was given
 * @param before the test score of the input, where data was given
 * @param after the test score of the output, where data was given
 * @param scoredWith the ONNX model that stood for a file of another format; empty where none did
 * @param sparseInitializers how many of the pruned tensors the output stores sparsely; empty where that was not asked for
 */
record PruneOutcome(
        PruneReport report,
        long bytesBefore,
        long bytesAfter,
        Optional<SearchResult> search,
        @Nullable Score before,
        @Nullable Score after,
        String scoredWith,
        OptionalInt sparseInitializers) {

    /** The test accuracy that was lost. */
    double testLoss() {
        return before == null || after == null ? Double.NaN : before.accuracy() - after.accuracy();
    }
}
