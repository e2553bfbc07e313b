package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import io.detinit.interop.OraclePython;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.checkpoint.TensorHash;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.init.Untrained;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.AddressedValues;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both directions with real PyTorch: what it saves is read here, what is written here it loads with {@code weights_only=True} and
 * trains. Run by {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch (2.15.0
 * and Debian's 1.13.0 when this was written).
 */
@Tag("oracle")
class TorchSaveOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/torch_save.py");

    @TempDir
    Path folder;

    private static JsonNode python(Object... arguments) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(OraclePython.run(SCRIPT, arguments));
    }

    private static void same(JsonNode expected, Checkpoint found, String file) throws IOException {
        List<String> names = new ArrayList<>();
        expected.fieldNames().forEachRemaining(names::add);
        List<String> own = new ArrayList<>();
        for (TensorView tensor : found.tensors()) {
            String name = tensor.info().name();
            own.add(name);
            JsonNode known = expected.path(name);
            List<Long> shape = new ArrayList<>();
            known.path(1).forEach(axis -> shape.add(axis.asLong()));
            String where = file + " " + name;
            assertEquals(known.path(0).asText(), tensor.info().dtype().name(), where);
            assertEquals(
                    shape,
                    java.util.Arrays.stream(tensor.info().shape().dims())
                            .boxed()
                            .toList(),
                    where);
            assertEquals(known.path(2).asText(), TensorHash.sha256(tensor), where);
        }
        assertEquals(names, own, file + ": names, in this order");
    }

    @Test
    void whatPyTorchSavesIsRead() throws Exception {
        JsonNode files = python("make", folder);
        assertTrue(files.size() >= 20, files.size() + " files");
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            try (Checkpoint checkpoint = Checkpoints.open(folder.resolve(file.getKey()))) {
                same(file.getValue(), checkpoint, file.getKey());
            }
        }
    }

    @Test
    void whatIsWrittenHerePyTorchLoads() throws Exception {
        JsonNode files = python("make", folder);
        int loaded = 0;
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            if (!file.getKey().matches("(state_dict|dtypes|half|list|parameter)\\..*")) {
                continue; // weights_only=True refuses classes, and counters before 2.4
            }
            Path copy = folder.resolve("copy.pt");
            try (Checkpoint checkpoint = Checkpoints.open(folder.resolve(file.getKey()))) {
                Plan plan = new Plan.Addressed(DefaultPlan.of(
                        checkpoint, 42, InitRules.of(Scheme.custom(0.1)).with("*", Scheme.custom(0.1))));
                Untrained.write(checkpoint, plan, copy, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
            }
            try (Checkpoint written = Checkpoints.open(copy)) {
                same(python("load", copy), written, file.getKey() + " rewritten");
                for (TensorView tensor : written.tensors()) {
                    InitPlan plan = DefaultPlan.of(
                            written, 42, InitRules.of(Scheme.custom(0.1)).with("*", Scheme.custom(0.1)));
                    if (plan.find(tensor.info().name()).isPresent()) {
                        assertEquals(
                                TensorHash.sha256(new InitialTensor(
                                        tensor.info(),
                                        new AddressedValues(
                                                plan.init(tensor.info().name())))),
                                TensorHash.sha256(tensor));
                        loaded++;
                    }
                }
            }
        }
        assertTrue(loaded > 20, loaded + " initial tensors");
    }

    @Test
    void aSeededTemplateTrainsAndTheAuditFindsItsSeed() throws Exception {
        python("make", folder);
        for (String form : List.of("zip", "legacy")) {
            Path seeded = folder.resolve("seeded." + form + ".pt");
            Path trained = folder.resolve("trained." + form + ".pt");
            try (Checkpoint template = Checkpoints.open(folder.resolve("state_dict." + form + ".pt"))) {
                Plan plan = new Plan.Addressed(DefaultPlan.of(template, 42, InitRules.he()));
                assertEquals(8, plan.entries().size(), "head.weight is tied to embed.weight and planned once");
                Untrained.write(template, plan, seeded, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
            }
            python("train", seeded, trained);
            try (Checkpoint checkpoint = Checkpoints.open(trained)) {
                assertEquals(
                        Provenance.Verdict.MATCH,
                        audit(checkpoint, 42).provenance().verdict());
                assertNotEquals(
                        Provenance.Verdict.MATCH,
                        audit(checkpoint, 43).provenance().verdict());
                AuditReport report = audit(checkpoint, 42);
                assertTrue(report.movedAt(0) > 0 && report.movedAt(0) <= report.elements());
            }
        }
    }

    @Test
    void aSeededScriptRuns() throws Exception {
        JsonNode stateDict = python("script", folder);
        Path seeded = folder.resolve("seeded.pt");
        try (Checkpoint template = Checkpoints.open(folder.resolve("scripted.pt"))) {
            assertEquals("torchscript", template.format());
            Plan plan = new Plan.Addressed(DefaultPlan.of(template, 42, InitRules.he()));
            assertEquals(8, plan.entries().size());
            Untrained.write(template, plan, seeded, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(plan)));
        }
        JsonNode loaded = python("run", seeded);
        assertEquals(stateDict.size(), loaded.size());
        try (Checkpoint written = Checkpoints.open(seeded)) {
            assertTrue(Checkpoints.plan(written).isPresent());
            for (TensorView tensor : written.tensors()) {
                JsonNode known = loaded.path(tensor.info().name());
                if (!known.isMissingNode()) {
                    assertEquals(known.path(2).asText(), TensorHash.sha256(tensor), tensor.info()::name);
                }
            }
            assertEquals(0, audit(written, 42).movedAt(0));
        }
    }

    private static AuditReport audit(Checkpoint checkpoint, long seed) throws IOException {
        Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, seed, InitRules.he()));
        return new Auditor(AuditOptions.of(Threshold.DEFAULT), 2).audit(checkpoint, Baseline.of(plan, checkpoint));
    }
}
