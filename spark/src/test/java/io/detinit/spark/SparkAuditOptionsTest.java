package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.identify.TorchPlans;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchStateDictWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
            Baseline baseline = Baseline.of(before, checkpoint);
            AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT), 2).audit(checkpoint, baseline);
            return AuditJson.of(file.toString(), checkpoint.format(), baseline.kind(), baseline.seed(), report)
                    .toString();
        }
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
            Baseline baseline = Baseline.of(TorchPlans.confirmed(checkpoint, 7).plan(), checkpoint);
            AuditReport report = new Auditor(AuditOptions.of(Threshold.DEFAULT), 2).audit(checkpoint, baseline);
            alone = AuditJson.of(file.toString(), checkpoint.format(), baseline.kind(), baseline.seed(), report)
                    .toString();
        }
        assertEquals(
                alone, JobRun.audit(file, "--torch-seed", 7, "--partitions", 2).json());
        assertTrue(alone.contains("\"kind\":\"torch-seed\""), alone);
        assertTrue(alone.contains("\"bitIdenticalPercent\":100.0"), alone);
    }
}
