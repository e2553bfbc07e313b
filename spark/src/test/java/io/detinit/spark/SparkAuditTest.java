package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.InitRules;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.MovedLines;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The audit on the engine against the audit on one machine, bit for bit. */
class SparkAuditTest {

    @TempDir
    static Path folder;

    private static Path index;

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void theFiguresAreThoseOfOneMachine(int partitions) throws IOException {
        AuditOptions options = new AuditOptions(
                List.of(
                        Threshold.DEFAULT,
                        new Threshold(0.01, Threshold.Kind.STD),
                        new Threshold(1, Threshold.Kind.ULP)),
                1,
                false);
        JobRun run = JobRun.audit(
                index,
                "--seed",
                42,
                "--threshold",
                "1e-5",
                "--threshold",
                "std:0.01",
                "--threshold",
                "ulp:1",
                "--partitions",
                partitions);
        assertEquals(Samples.alone(index, index.toString(), options), run.json());
    }

    @Test
    void quantilesAndDecayToo() throws IOException {
        AuditOptions options = new AuditOptions(
                List.of(new Threshold(0.8, Threshold.Kind.QUANTILE), new Threshold(0.99, Threshold.Kind.QUANTILE)),
                Math.exp(-0.01),
                false);
        String alone = Samples.alone(index, folder.toString(), options);
        for (int partitions : new int[] {1, 7}) {
            JobRun run = JobRun.audit(
                    folder,
                    "--seed",
                    "0x2A",
                    "--threshold-kind",
                    "quantile",
                    "--threshold",
                    0.8,
                    "--threshold",
                    0.99,
                    "--decay",
                    "0.01",
                    "--partitions",
                    partitions);
            assertEquals(alone, run.json());
        }
    }

    /** A shard alone has lost the order of the file; the layer ids are found as on one machine. */
    @Test
    void aSingleFileWithoutPartitions() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        String alone = Samples.alone(shard, "file:" + shard, AuditOptions.of(Threshold.DEFAULT));
        assertEquals(
                alone, JobRun.audit("file:" + shard, "--seed", 42, "--json").json());
        assertTrue(alone.contains("\"verdict\":\"match\""), alone);
    }

    /** Nothing fits, and a shared factor is looked for. */
    @Test
    void anotherSeed() throws IOException {
        Path shard = folder.resolve(Samples.shard(1));
        String alone = Samples.alone(shard, shard.toString(), 7, AuditOptions.of(Threshold.DEFAULT));
        assertEquals(alone, JobRun.audit(shard, "--seed", 7).json());
        assertTrue(alone.contains("\"verdict\":\"no-match\""), alone);
    }

    @Test
    void aPlanAndASidecar() throws IOException {
        Path shard = folder.resolve("copy.safetensors");
        Files.copy(folder.resolve(Samples.shard(0)), shard);
        String plan;
        try (Checkpoint checkpoint = Samples.open(shard)) {
            plan = PlanJson.write(DefaultPlan.of(checkpoint, 42, InitRules.he()));
        }
        Path file = Files.writeString(folder.resolve("plan.json"), plan);
        String alone = Samples.alone(shard, shard.toString(), AuditOptions.of(Threshold.DEFAULT));
        assertEquals(alone, JobRun.audit(shard, "--plan", file).json());
        String none = JobRun.audit(shard).error();
        assertTrue(none.endsWith("copy.safetensors carries no plan: give --seed S, --torch-seed S or --plan P"), none);
        Files.copy(file, folder.resolve("copy.safetensors.plan.json"));
        assertEquals(alone, JobRun.audit(shard).json());
        assertEquals(
                Samples.SEED,
                new ObjectMapper().readTree(alone).path("baseline").path("seed").asLong());
    }

    @Test
    void theTableHasTheRowsOfOneMachine() throws IOException {
        String table = folder.resolve("rows").toString();
        JsonNode json = new ObjectMapper()
                .readTree(JobRun.audit(index, "--seed", 42, "--table", table, "--partitions", 7)
                        .json());
        List<Row> rows =
                JobRun.session().read().parquet(table).orderBy("tensor", "row").collectAsList();
        List<TensorAudit> tensors;
        try (Checkpoint checkpoint = Samples.open(index)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            AuditOptions options = AuditOptions.of(Threshold.DEFAULT).withLines();
            AuditReport report = new Auditor(options, 2).audit(checkpoint, Baseline.of(plan, checkpoint));
            tensors = report.tensors();
        }
        long moved = 0;
        for (TensorAudit tensor : tensors) {
            List<Row> own = rows.stream()
                    .filter(row -> row.getString(0).equals(tensor.name()))
                    .toList();
            if (tensor.lines().isPresent()) {
                MovedLines lines = tensor.lines().get();
                assertEquals(
                        lines.rowMeans(),
                        own.stream()
                                .map(row -> row.<Double>getAs("meanAbsDelta"))
                                .toList(),
                        tensor.name());
                List<Integer> still = new ArrayList<>();
                own.stream()
                        .filter(row -> row.<Long>getAs("moved") == 0)
                        .forEach(row -> still.add((int) (long) row.<Long>getAs("row")));
                assertEquals(lines.unmovedRows(), still, tensor.name());
            }
            long sum = own.stream().mapToLong(row -> row.<Long>getAs("moved")).sum();
            assertEquals(tensor.audited() ? tensor.figures().moved() : 0, sum, tensor.name());
            long identical = own.stream()
                    .mapToLong(row -> row.<Long>getAs("bitIdentical"))
                    .sum();
            assertEquals(tensor.audited() ? tensor.figures().bitIdentical() : 0, identical, tensor.name());
            moved += sum;
        }
        assertEquals(json.path("total").path("moved").asLong(), moved);
        assertEquals(1203 + 1 + 301 + 1 + 5 + 18, rows.size());
        JobRun again = JobRun.audit(index, "--seed", 42, "--table", table);
        assertEquals(2, again.code());
        assertEquals("AuditJob: " + table + ": exists; --force replaces it", again.error());
        JobRun.audit(index, "--seed", 42, "--table", table, "--force").json();
        assertEquals(rows.size(), JobRun.session().read().parquet(table).count());
    }

    @Test
    void wrongOptionsAreOneLine() {
        JobRun run = JobRun.audit(index, "--seed", "forty-two");
        assertEquals(2, run.code());
        assertTrue(run.error().contains("'forty-two' is no seed"), run.err());
        assertEquals(2, JobRun.audit(index, "--torch-seed", 1, "--seed", 1).code());
        assertEquals(2, JobRun.audit(index, "--seed", 1, "--threshold", "auto").code());
        assertEquals(2, JobRun.audit(index, "--nothing").code());
    }
}
