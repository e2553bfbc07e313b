package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.verify.Latency;
import io.detinit.interop.verify.Score;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One row of the table that holds a dense model against its pruned forms.
 *
 * @param model the file
 * @param data what it was scored on, null where it was not
 * @param score how well it does, null where that is not known
 * @param latency the time of one run, null where it was not timed
 */
record ModelFigures(
        OnnxModel model,
        @Nullable String data,
        @Nullable Score score,
        @Nullable Latency latency) {

    /** What the table does not show. */
    static final String ZEROS_NOTE =
            "Zeros alone give no speed in ONNX Runtime: it has no sparse kernels and makes sparse initializers dense when it "
                    + "loads a model. They only make files smaller.";

    static void print(List<ModelFigures> models, PrintWriter out) {
        TextTable table = new TextTable(
                "model",
                "samples",
                "accuracy",
                "loss",
                "median ms",
                "p99 ms",
                "bytes",
                "gzip bytes",
                "weights",
                "zeros",
                "zero share");
        models.forEach(figures -> figures.addTo(table));
        table.print(out);
        out.println();
        out.println(ZEROS_NOTE);
    }

    private void addTo(TextTable table) {
        Score scored = score;
        Latency timed = latency;
        table.row(
                model.path(),
                scored == null ? "-" : Text.count(scored.samples()),
                scored == null ? "-" : Text.fraction(scored.accuracy()),
                scored == null ? "-" : Text.fraction(scored.loss()),
                timed == null ? "-" : Text.format("%.4f", timed.median()),
                timed == null ? "-" : Text.format("%.4f", timed.p99()),
                Text.count(model.size().bytes()),
                Text.count(model.size().gzipBytes()),
                Text.count(model.zeros().weights()),
                Text.count(model.zeros().zeros()),
                model.zeros().weights() == 0 ? "-" : Text.fraction(model.zeros().share()));
    }

    /** Adds the figures; those that are not known are null. */
    ObjectNode put(ObjectNode object) {
        object.put("model", model.path().toString());
        object.put("data", data);
        if (score == null) {
            object.putNull("samples").putNull("accuracy").putNull("loss");
        } else {
            object.put("samples", score.samples()).put("accuracy", score.accuracy());
            BaseCommand.put(object, "loss", score.loss());
        }
        if (latency == null) {
            object.putNull("latencyMs");
        } else {
            object.putObject("latencyMs").put("median", latency.median()).put("p99", latency.p99());
        }
        object.put("bytes", model.size().bytes());
        object.put("bytesGzip", model.size().gzipBytes());
        object.put("weights", model.zeros().weights());
        object.put("zeros", model.zeros().zeros());
        BaseCommand.put(object, "zeroShare", model.zeros().share());
        return object;
    }
}
