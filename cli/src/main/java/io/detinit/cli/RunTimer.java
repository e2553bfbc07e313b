package io.detinit.cli;

import io.detinit.cli.report.Text;
import io.detinit.interop.verify.Latencies;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.LatencyProbe;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Times models in turns, and shows how far it is. */
final class RunTimer {

    private RunTimer() {}

    /**
     * Times models.
     *
     * @param models what to run
     * @param runs timed runs of each, 0 for none; a tenth of that, at least 10, warm up
     * @param terminal shows progress
     * @return a latency for each, null where there are no runs
     */
    static List<@Nullable Latency> time(List<LatencyProbe> models, int runs, Terminal terminal) throws IOException {
        if (runs == 0) {
            return Collections.nCopies(models.size(), null);
        }
        int warmUp = Math.max(10, runs / 10);
        List<Latency> latencies = Latencies.interleaved(
                models,
                warmUp,
                runs,
                done -> terminal.progress(Text.format("timing: run %,d of %,d", done, warmUp + runs)));
        terminal.line(Text.format("timed %,d runs of one sample of each model, in turns", runs));
        return Collections.unmodifiableList(latencies);
    }
}
