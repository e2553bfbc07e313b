package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.budget.SearchResult;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorStorage;
import io.detinit.interop.verify.Score;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** How a pruned file is written and reported: by one of the ways of {@link PruneCommand}, with what is dead removed after it where asked for. */
final class PruneWriting {

    private final PruneCommand command;
    private final @Nullable Scoring scoring;
    private final @Nullable DeadRemoval removal;

    /** Writes the pruned file. */
    @FunctionalInterface
    interface Writer {
        PruneReport write() throws IOException;
    }

    PruneWriting(PruneCommand command, @Nullable Scoring scoring, @Nullable DeadRemoval removal) {
        this.command = command;
        this.scoring = scoring;
        this.removal = removal;
    }

    @Nullable
    Scoring scoring() {
        return scoring;
    }

    @Nullable
    DeadRemoval removal() {
        return removal;
    }

    /** Scores the input, writes the output, scores that, and reports. */
    int finish(
            Checkpoint checkpoint,
            Baseline base,
            Collection<String> names,
            Optional<SearchResult> searched,
            Writer writer)
            throws IOException {
        long before = CheckpointBytes.of(command.file);
        Score scoreBefore = scoring == null ? null : scoring.test(command.file, base, names);
        PruneReport report = writer.write();
        Optional<DeadRemoval.Outcome> removed = removal == null
                ? Optional.empty()
                : Optional.of(removal.apply(checkpoint, base, scoring, TensorStorage.parse(command.storage)));
        Score scoreAfter = scoring == null ? null : scoring.test(command.output, base, names);
        PruneOutcome outcome = new PruneOutcome(
                report,
                before,
                CheckpointBytes.of(command.output),
                searched,
                scoreBefore,
                scoreAfter,
                scoring == null || scoring.own() ? "" : scoring.model().toString(),
                sparseInitializers());
        if (command.json) {
            ObjectNode object = described(command.output.toString());
            PruneTexts.put(object, outcome);
            removed.ifPresent(one -> DeadTexts.put(object, one));
            command.print(object);
        } else {
            PruneTexts.print(command.out(), outcome, command.storage);
            removed.ifPresent(one -> DeadTexts.print(command.out(), one));
            command.out().println("wrote " + command.output);
        }
        return ExitCode.DONE;
    }

    /** Nothing is within the budget, and nothing is written. */
    int unmet(SearchResult search) {
        command.terminal().line(BudgetSearch.unmet(search));
        if (command.json) {
            ObjectNode object = described(null);
            object.put("sparsity", 0);
            PruneTexts.put(object, search);
            command.print(object);
        } else {
            PruneTexts.print(command.out(), search);
        }
        return ExitCode.GATE;
    }

    private ObjectNode described(@Nullable String written) {
        ObjectNode object = BaseCommand.JSON.createObjectNode();
        object.put("input", command.file.toString());
        object.put("output", written);
        if (command.removesOnly()) {
            object.putNull("criterion");
        } else if (command.masks == null) {
            object.put("criterion", command.criterion().id());
        } else {
            object.putNull("criterion").put("masks", command.masks.toString());
        }
        object.put("fill", command.fill);
        object.put("storage", command.storage);
        return object;
    }

    /** How many sparse initializers were written; counted in the file. */
    private OptionalInt sparseInitializers() throws IOException {
        if (TensorStorage.parse(command.storage) != TensorStorage.SPARSE) {
            return OptionalInt.empty();
        }
        try (OnnxCheckpoint written = OnnxCheckpoint.open(command.output)) {
            return OptionalInt.of(Math.toIntExact(written.sparseInitializers()));
        }
    }

    Destination destination(Map<String, String> metadata) {
        return removal == null
                ? new Destination(command.output, metadata, TensorStorage.parse(command.storage))
                : Destination.dense(removal.pruned(), metadata);
    }

    Map<String, String> metadata(ResolvedBaseline resolved, Optional<MaskRecord> record, Fill how) {
        Baseline base = resolved.baseline();
        ObjectNode provenance = BaseCommand.JSON.createObjectNode();
        if (record.isPresent()) {
            provenance = record.get().fields();
        } else {
            provenance.put("masks", String.valueOf(command.masks == null ? null : command.masks.getFileName()));
            provenance.put("baseline", base.kind().id());
            if (base.seed().isPresent()) {
                provenance.put("seed", base.seed().getAsLong());
            }
            provenance.put("tool", new Detinit.Version().getVersion()[0]);
        }
        if (command.budget.maxDrop != null && scoring != null) {
            provenance.put("maxDrop", command.budget.maxDrop);
            provenance.put("data", scoring.images().name());
        }
        provenance.put("fill", how.id());
        if (command.dead.given()) {
            provenance.put("removeDead", true).put("structured", command.dead.wholeUnits() ? "units" : null);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        resolved.planForFile().map(PlanJson::write).ifPresent(text -> metadata.put(Checkpoint.PLAN_KEY, text));
        metadata.put("detinit.prune", provenance.toString());
        return metadata;
    }
}
