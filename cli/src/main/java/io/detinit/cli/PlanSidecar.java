package io.detinit.cli;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The file beside an output that holds its plan, where the output's format has no place for it.
 *
 * @param path {@code <output>.plan.json}
 * @param needed whether the format needs it
 */
record PlanSidecar(Path path, boolean needed) {

    /** Refuses an existing file without --force, before long work begins. */
    static PlanSidecar of(Checkpoint input, Path output, boolean force) throws IOException {
        PlanSidecar sidecar = new PlanSidecar(Checkpoints.sidecar(output), !input.keepsMetadata());
        if (sidecar.needed) {
            Outputs.check(sidecar.path, force);
        }
        return sidecar;
    }

    /** Writes the plan where it is needed. */
    void write(String plan) throws IOException {
        if (needed) {
            AtomicFile.write(path, (plan + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
