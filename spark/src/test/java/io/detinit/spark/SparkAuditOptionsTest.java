package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitRules;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditCsv;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the audit on the engine has besides a seed, against one machine, bit for bit. */
class SparkAuditOptionsTest {

    @TempDir
    static Path folder;

    private static Path index;
    private static Path distributed;
    private static Path views;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
        distributed = TorchSamples.distributed(folder.resolve("dcp"));
        views = TorchSamples.views(folder.resolve("views.pt"));
    }

    private static String alone(Path file, Path initial) throws IOException {
        try (Checkpoint checkpoint = Samples.open(file);
                Checkpoint before = Samples.open(initial)) {
            return alone(file, checkpoint, Baseline.of(before, checkpoint));
        }
    }

    private static String alone(Path file, Checkpoint checkpoint, Baseline baseline) throws IOException {
        AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT), 2).audit(checkpoint, baseline);
        return AuditJson.of(file.toString(), checkpoint.format(), baseline.kind(), baseline.seed(), report)
                .toString();
    }

    /** The initial weights come from files of other formats, in other pieces than the trained ones. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void initialFiles(int partitions) throws IOException {
        Path w0 = folder.resolve("w0");
        if (!Files.exists(w0)) {
            JobRun.init(index, "-o", w0, "--seed", 42).json();
        }
        Path initial = w0.resolve(Samples.INDEX);
        String alone = alone(distributed, initial);
        JobRun run = JobRun.audit(distributed, "--init-file", w0, "--partitions", partitions);
        assertEquals(alone, run.json());
        assertTrue(alone.contains("\"kind\":\"init-file\""), alone);
        assertTrue(alone.contains("\"verdict\":\"match\""), alone);
    }

    @Test
    void piecesAsInitialFiles() throws IOException {
        String alone = alone(index, distributed);
        assertEquals(
                alone,
                JobRun.audit(index, "--init-file", distributed, "--partitions", 3)
                        .json());
        assertEquals(
                alone(index, views),
                JobRun.audit(index, "--init-file", views, "--partitions", 3).json());
    }

    @Test
    void initialFilesGoWithNothingElse() {
        JobRun seed = JobRun.audit(index, "--init-file", distributed, "--seed", 1);
        assertEquals("AuditJob: give one of --seed, --torch-seed and --init-file", seed.error());
        assertEquals(2, seed.code());
        assertEquals(
                2,
                JobRun.audit(index, "--init-file", distributed, "--plan", "p").code());
        JobRun gone = JobRun.audit(index, "--init-file", folder.resolve("gone"));
        assertEquals("AuditJob: " + folder.resolve("gone") + ": no such file or folder", gone.error());
        assertEquals(4, gone.code());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void rows(int partitions) throws IOException {
        String alone = Samples.alone(
                index, index.toString(), AuditOptions.of(Threshold.DEFAULT).withLines());
        JobRun run = JobRun.audit(index, "--seed", 42, "--rows", "--partitions", partitions);
        assertEquals(alone, run.json());
        assertTrue(alone.contains("\"mostMoved\":[{\"unit\":"), alone);
    }

    @Test
    void reports() throws IOException {
        AuditReport report;
        try (Checkpoint checkpoint = Samples.open(index)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            report = new Auditor(AuditOptions.of(Threshold.DEFAULT).withLines(), 2)
                    .audit(checkpoint, Baseline.of(plan, checkpoint));
        }
        Path csv = folder.resolve("audit.csv");
        String json = JobRun.audit(index, "--seed", 42, "--report", csv, "--partitions", 7)
                .json();
        assertEquals(AuditCsv.of(report), Files.readString(csv));
        assertTrue(json.contains("\"mostMoved\""), json);
        JobRun again = JobRun.audit(index, "--seed", 42, "--report", csv);
        assertEquals("AuditJob: " + csv + ": exists; --force replaces it", again.error());
        assertEquals(2, again.code());
        JobRun other = JobRun.audit(index, "--seed", 42, "--report", "audit.pdf");
        assertEquals("AuditJob: --report audit.pdf: the name must end with .html or .csv", other.error());
        assertEquals(2, other.code());
    }

    @Test
    void gates() throws IOException {
        JobRun holds = JobRun.audit(index, "--seed", 42, "--fail-if", "movedPercent<5", "--fail-if", "movedPercent<90");
        assertEquals(1, holds.code());
        assertTrue(holds.err().startsWith("AuditJob: --fail-if movedPercent<90 holds: it is "), holds.err());
        assertEquals(
                Samples.alone(index, index.toString(), AuditOptions.of(Threshold.DEFAULT)),
                holds.out().strip());
        JobRun passes = JobRun.audit(index, "--seed", 42, "--fail-if", "bitIdenticalPercent<1");
        assertFalse(passes.json().isEmpty());
        JobRun unknown = JobRun.audit(index, "--seed", 42, "--fail-if", "nothing<1");
        assertTrue(unknown.error().contains("unknown name 'nothing'"), unknown.err());
        assertEquals(2, unknown.code());
        assertEquals(2, JobRun.audit(index, "--seed", 42, "--fail-if", "moved").code());
    }

    /** A model as PyTorch initialises it, in a file that carries no plan. */
    @Test
    void torchSeeds() throws IOException {
        TensorInfo.Kind kind = TensorInfo.Kind.PARAMETER;
        List<TensorInfo> layout = List.of(
                new TensorInfo("0.weight", DType.F32, TensorShape.of(300, 1000), kind),
                new TensorInfo("0.bias", DType.F32, TensorShape.of(300), kind),
                new TensorInfo("2.weight", DType.F32, TensorShape.of(10, 300), kind),
                new TensorInfo("2.bias", DType.F32, TensorShape.of(10), kind));
        Path file = folder.resolve("torch.pt");
        TorchStateDictWriter.write(
                file,
                layout.stream()
                        .map(info -> ArrayTensor.of(info, ByteBuffer.allocate((int) info.bytes())))
                        .toList(),
                Map.of(),
                Map.of());
        Plan plan;
        try (Checkpoint blank = Samples.open(file)) {
            plan = new Plan.Replayed(TorchPlans.sequence(blank, 7));
        }
        List<TensorView> initial = new ArrayList<>();
        for (TensorInfo info : layout) {
            initial.add(
                    new InitialTensor(info, plan.find(info.name()).orElseThrow().values()));
        }
        TorchStateDictWriter.write(file, initial, Map.of(), Map.of());
        String alone;
        try (Checkpoint checkpoint = Samples.open(file)) {
            alone = alone(
                    file,
                    checkpoint,
                    Baseline.of(TorchPlans.confirmed(checkpoint, 7).plan(), checkpoint));
        }
        assertEquals(
                alone, JobRun.audit(file, "--torch-seed", 7, "--partitions", 2).json());
        assertTrue(alone.contains("\"kind\":\"torch-seed\""), alone);
        assertTrue(alone.contains("\"bitIdenticalPercent\":100.0"), alone);
    }

    /** Matrices that the file keeps with the inputs first. */
    @Test
    void turnedMatrices() throws IOException {
        Set<String> turned = Set.of("embed.weight", "fc.weight", "out.weight");
        Plan plan;
        try (Checkpoint checkpoint = Samples.open(index)) {
            Plan usual = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            Map<String, String> names = new HashMap<>();
            Map<String, StoredOrder> orders = new HashMap<>();
            usual.entries().forEach(entry -> {
                names.put(entry.name(), entry.name());
                orders.put(entry.name(), turned.contains(entry.name()) ? StoredOrder.IN_OUT : StoredOrder.OUT_IN);
            });
            plan = usual.forFile(names, orders);
        }
        List<TensorView> tensors = new ArrayList<>();
        for (TensorView tensor : Samples.tensors()) {
            tensors.add(turned.contains(tensor.info().name()) ? TransposedTensor.of(tensor) : tensor);
        }
        Path file = folder.resolve("turned.safetensors");
        SafetensorsWriter.write(file, tensors, Map.of());
        Path text = Files.writeString(folder.resolve("turned.json"), PlanJson.write(plan));
        String alone;
        try (Checkpoint checkpoint = Samples.open(file)) {
            alone = alone(file, checkpoint, Baseline.of(plan, checkpoint));
        }
        assertTrue(alone.contains("\"stored\":\"in_out\"") && alone.contains("\"verdict\":\"match\""), alone);
        for (int partitions : new int[] {1, 7}) {
            assertEquals(
                    alone,
                    JobRun.audit(file, "--plan", text, "--partitions", partitions)
                            .json());
        }
    }
}
