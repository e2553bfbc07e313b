package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitRules;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.DividedAudit;
import io.detinit.interop.audit.RangeAuditor;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much of the files is read for one range of one tensor. */
class RangeReadsTest {

    /** The embedding is tensor 0: 1203 rows of 1000 BF16. */
    private static final long CHUNK_BYTES = 2L * AuditedTensor.CHUNK;

    /** What is read of a chunk's inner file to find its elements. */
    private static final long DESCRIPTION = (1 << 13) + 22 + 0xFFFF;

    @TempDir
    Path folder;

    private final Configuration conf = CountingFileSystem.configuration();

    private AuditSpec spec(Path file) throws IOException {
        AuditOptions options = AuditOptions.of(Threshold.DEFAULT);
        try (Checkpoint checkpoint = RemoteCheckpoints.open(new org.apache.hadoop.fs.Path("counted:" + file), conf)) {
            Plan plan = new Plan.Addressed(DefaultPlan.of(checkpoint, Samples.SEED, InitRules.he()));
            DividedAudit audit = DividedAudit.of(checkpoint, Baseline.of(plan, checkpoint), options);
            return AuditSpec.of(checkpoint, audit, options, Optional.of(plan), Set.of());
        }
    }

    /** Audits some chunks of a tensor; how many bytes that read. */
    private long read(AuditSpec spec, int tensor, long first, long end) throws IOException {
        CountingFileSystem.BYTES.set(0);
        CountingFileSystem.REQUESTS.set(0);
        try (OpenTensors tensors = new OpenTensors(spec, conf)) {
            AuditedTensor opened = tensors.get(tensor, end * AuditedTensor.CHUNK);
            new RangeAuditor().audit(tensor, opened, first, end);
        }
        return CountingFileSystem.BYTES.get();
    }

    @Test
    void ofAShardTheRangeAlone() throws IOException {
        AuditSpec safetensors = spec(Samples.write(folder));
        assertEquals(CHUNK_BYTES, read(safetensors, 0, 1, 2));
        assertEquals(1, CountingFileSystem.REQUESTS.get());
        AuditSpec bin = spec(TorchSamples.sharded(folder));
        assertEquals(CHUNK_BYTES, read(bin, 0, 1, 2));
        assertEquals(1, CountingFileSystem.REQUESTS.get());
        assertEquals(3 * CHUNK_BYTES, read(bin, 0, 1, 4));
        assertEquals(1, CountingFileSystem.REQUESTS.get());
    }

    /** Neither the pickles nor the elements of pieces that the range does not touch. */
    @Test
    void ofPiecesThoseThatTheRangeTouches() throws IOException {
        Path set = TorchSamples.distributed(folder.resolve("dcp"));
        CountingFileSystem.BYTES.set(0);
        RemoteCheckpoints.open(new org.apache.hadoop.fs.Path("counted:" + set), conf)
                .close();
        assertEquals(Files.size(set.resolve(".metadata")), CountingFileSystem.BYTES.get());
        AuditSpec spec = spec(set);
        Files.delete(set.resolve(TorchSamples.distcp(2))); // rows 802 to 1202
        long rows = 2 * 1000 * 2; // in part before and after the range
        long one = read(spec, 0, 0, 1); // rows 0 to 262, all in the first piece
        assertTrue(one >= CHUNK_BYTES && one <= CHUNK_BYTES + rows + DESCRIPTION, one + " bytes");
        long two = read(spec, 0, 1, 2); // rows 262 to 524, in two pieces
        assertTrue(two >= CHUNK_BYTES && two <= CHUNK_BYTES + rows + 2 * DESCRIPTION, two + " bytes");
        assertTrue(CountingFileSystem.REQUESTS.get() <= 6, CountingFileSystem.REQUESTS.get() + " requests");
    }
}
