package io.detinit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.WeightUse;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a file is and what is in it. */
@Command(
        name = "inspect",
        description =
                "Show a checkpoint's format, tensors, plan and metadata. The format is recognised by content, not by the "
                        + "file's name; nothing in the file is run.",
        footer = {"", "Example: detinit inspect model.pt --hash"})
final class InspectCommand extends BaseCommand {

    private static final int SHOWN_METADATA = 100;

    @Parameters(paramLabel = "FILE", description = "A checkpoint of any format that this program reads.")
    Path file = Path.of("");

    @Option(
            names = "--hash",
            description =
                    "Add the SHA-256 of each tensor's elements, row-major and little-endian: the same in every format.")
    boolean hash;

    @Override
    public Integer call() throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
            Optional<Plan> plan = Checkpoints.plan(checkpoint);
            List<String> hashes = hash ? hashes(checkpoint.tensors()) : List.of();
            if (json) {
                print(jsonOf(checkpoint, plan, hashes));
            } else {
                printText(checkpoint, plan, hashes);
            }
        }
        return ExitCode.DONE;
    }

    private List<String> hashes(List<TensorView> tensors) throws IOException {
        long total = tensors.stream().mapToLong(tensor -> tensor.info().bytes()).sum();
        AtomicLong done = new AtomicLong();
        Terminal terminal = terminal();
        return TensorHash.sha256(tensors, root.threads, bytes -> {
            long so = done.addAndGet(bytes);
            synchronized (terminal) {
                terminal.progress("hashed " + Text.percent(100.0 * so / Math.max(1, total)));
            }
        });
    }

    private ObjectNode jsonOf(Checkpoint checkpoint, Optional<Plan> plan, List<String> hashes) {
        ObjectNode object = JSON.createObjectNode();
        object.put("file", file.toString());
        object.put("format", checkpoint.format());
        ArrayNode tensors = object.putArray("tensors");
        Map<String, String> tied = checkpoint.tied();
        for (int k = 0; k < checkpoint.tensors().size(); k++) {
            TensorView tensor = checkpoint.tensors().get(k);
            TensorInfo info = tensor.info();
            ObjectNode node = tensors.addObject();
            node.put("name", info.name());
            node.put("dtype", info.dtype().name());
            ArrayNode shape = node.putArray("shape");
            for (long dim : info.shape().dims()) {
                shape.add(dim);
            }
            node.put("bytes", info.bytes());
            node.put("kind", kind(info));
            if (!tensor.location().isEmpty()) {
                node.put("location", tensor.location());
            }
            if (checkpoint instanceof OnnxCheckpoint onnx) {
                onnx.use(info.name()).ifPresent(use -> putUse(node.putObject("use"), use));
                onnx.modulePath(info.name()).ifPresent(path -> node.put("module", path));
            }
            if (tied.containsKey(info.name())) {
                node.put("tiedTo", tied.get(info.name()));
            }
            if (!hashes.isEmpty()) {
                node.put("sha256", hashes.get(k));
            }
        }
        object.set("plan", plan.isPresent() ? tree(PlanJson.write(plan.get())) : JSON.nullNode());
        ObjectNode metadata = object.putObject("metadata");
        checkpoint.metadata().forEach(metadata::put);
        ArrayNode warnings = object.putArray("warnings");
        checkpoint.warnings().forEach(warnings::add);
        return object;
    }

    private static void putUse(ObjectNode node, WeightUse use) {
        node.put("operator", use.operator())
                .put("node", use.node())
                .put("slot", use.slot())
                .put("layout", layout(use))
                .put("quantised", use.quantised());
    }

    private static String layout(WeightUse use) {
        return use.layout().name().toLowerCase(Locale.ROOT);
    }

    /** Where the elements lie, or whose they are, and in an ONNX model which operator uses them and which way round they lie. */
    private static String where(Checkpoint checkpoint, TensorView tensor) {
        String name = tensor.info().name();
        String tied = checkpoint.tied().get(name);
        String where = tied == null ? tensor.location() : "tied to " + tied;
        if (checkpoint instanceof OnnxCheckpoint onnx && onnx.use(name).isPresent()) {
            WeightUse use = onnx.use(name).get();
            return where + ", " + use.operator() + " " + layout(use);
        }
        return where;
    }

    private static JsonNode tree(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String kind(TensorInfo info) {
        return info.kind().name().toLowerCase(Locale.ROOT);
    }

    private void printText(Checkpoint checkpoint, Optional<Plan> plan, List<String> hashes) {
        List<TensorView> tensors = checkpoint.tensors();
        long bytes = tensors.stream().mapToLong(tensor -> tensor.info().bytes()).sum();
        out().println(file + ": " + checkpoint.format() + ", " + Text.count(tensors.size()) + " tensors, "
                + Text.count(bytes) + " bytes of elements");
        out().println("plan: "
                + plan.map(p -> (p instanceof Plan.Replayed ? "PyTorch, seed " : "seed ") + p.seed() + ", "
                                + p.entries().size() + " parameters")
                        .orElse("none"));
        checkpoint
                .metadata()
                .forEach((key, value) -> out().println("metadata " + shortened(key) + ": " + shortened(value)));
        if (!tensors.isEmpty()) {
            out().println();
            TextTable table = hashes.isEmpty()
                    ? new TextTable("tensor", "dtype", "shape", "bytes", "kind", "where")
                    : new TextTable("tensor", "dtype", "shape", "bytes", "kind", "where", "sha256");
            for (int k = 0; k < tensors.size(); k++) {
                TensorInfo info = tensors.get(k).info();
                String where = where(checkpoint, tensors.get(k));
                if (hashes.isEmpty()) {
                    table.row(info.name(), info.dtype(), info.shape(), Text.count(info.bytes()), kind(info), where);
                } else {
                    table.row(
                            info.name(),
                            info.dtype(),
                            info.shape(),
                            Text.count(info.bytes()),
                            kind(info),
                            where,
                            hashes.get(k));
                }
            }
            table.print(out());
        }
        if (!checkpoint.warnings().isEmpty()) {
            out().println();
            checkpoint.warnings().forEach(warning -> out().println("note: " + printable(warning)));
        }
    }

    private static String shortened(String value) {
        String line = printable(value);
        return line.length() <= SHOWN_METADATA ? line : line.substring(0, SHOWN_METADATA) + "...";
    }

    private static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }
}
