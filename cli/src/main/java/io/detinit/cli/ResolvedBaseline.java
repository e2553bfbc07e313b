package io.detinit.cli;

import io.detinit.interop.audit.Baseline;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a file is compared with; open while an initial file is read.
 *
 * @param baseline the initial values
 * @param plan the plan behind them, empty for an initial file
 * @param source where it comes from, for people
 * @param notes one line for each thing that a reader should know
 * @param opened the initial file, if any
 */
record ResolvedBaseline(
        Baseline baseline,
        Optional<Plan> plan,
        String source,
        List<String> notes,
        @Nullable Checkpoint opened) implements Closeable {

    /** The plan in the names and orders of the file; empty for an initial file. */
    Optional<Plan> planForFile() {
        return plan.map(baseline::planForFile);
    }

    @Override
    public void close() throws IOException {
        if (opened != null) {
            opened.close();
        }
    }
}
