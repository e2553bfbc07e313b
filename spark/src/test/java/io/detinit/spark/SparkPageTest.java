package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.cli.report.AuditHtml;
import io.detinit.cli.report.AuditSubject;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.audit.Threshold;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page of an audit on the engine is that of one machine, to the last byte. */
class SparkPageTest {

    private static final AuditOptions OPTIONS =
            AuditOptions.of(Threshold.DEFAULT).withLines();

    @TempDir
    static Path folder;

    private static Path index;
    private static Path wide;
    private static String pageOfIndex = "";
    private static String pageOfWide = "";

    @BeforeAll
    static void write() throws IOException {
        index = Samples.write(folder);
        wide = wide(folder.resolve("wide.safetensors"));
        pageOfIndex = alone(index, "the default plan");
        pageOfWide = alone(wide, "the default plan");
    }

    /** Inputs that are pictures, kernels, and rows longer than a task; large enough for ranges that end at odd places. */
    private static Path wide(Path file) throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        List<TensorView> tensors = new ArrayList<>();
        for (long[] dims : new long[][] {{1100, 1024}, {96, 3, 5, 5}, {3, 700_001}, {40, 30}}) {
            TensorShape shape = TensorShape.of(dims);
            float[] weights = new float[(int) shape.elements()];
            for (int k = 0; k < weights.length; k++) {
                weights[k] = (float) random.nextGaussian();
            }
            tensors.add(ArrayTensor.of("layer" + tensors.size() + ".weight", shape, weights));
        }
        SafetensorsWriter.write(file, tensors, Map.of());
        return file;
    }

    /** What {@code detinit audit --report} writes. */
    private static String alone(Path file, String source) throws IOException {
        try (Checkpoint checkpoint = Samples.open(file)) {
            Plan plan = Samples.plan(checkpoint);
            return page(file, source, checkpoint, Baseline.of(plan, checkpoint));
        }
    }

    private static String page(Path file, String source, Checkpoint checkpoint, Baseline baseline) throws IOException {
        AuditReport report = new Auditor(OPTIONS, 2).audit(checkpoint, baseline);
        AuditSubject subject = new AuditSubject(file.toString(), checkpoint.format(), source);
        return AuditHtml.of(subject, baseline.kind(), baseline.seed(), report);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64})
    void pages(int partitions) throws IOException {
        Path page = folder.resolve(partitions + ".html");
        JobRun.audit(wide, "--seed", 42, "--report", page, "--partitions", partitions)
                .json();
        assertEquals(pageOfWide, Files.readString(page));
    }

    @Test
    void aPageOfASet() throws IOException {
        Path page = folder.resolve("set.html");
        Path csv = folder.resolve("set.csv");
        String json = JobRun.audit(index, "--seed", 42, "--report", page, "--report", csv, "--rows", "--partitions", 5)
                .json();
        assertEquals(pageOfIndex, Files.readString(page));
        assertEquals(Samples.alone(index, index.toString(), OPTIONS), json);
        assertTrue(Files.exists(csv));
    }

    @Test
    void theyHaveTheirPictures() {
        assertTrue(pageOfWide.contains("The inputs as a 32 \u00d7 32 picture"));
        assertTrue(pageOfWide.contains("By the position in the kernel"));
        assertTrue(pageOfWide.contains("700,001 inputs across"));
        assertTrue(pageOfIndex.contains("1,000 inputs across"));
    }

    @Test
    void aPageNamesWhereTheInitialValuesComeFrom() throws IOException {
        Path w0 = folder.resolve("w0");
        JobRun.init(index, "-o", w0, "--seed", 42).json();
        Path page = folder.resolve("file.htm");
        JobRun.audit(index, "--init-file", w0, "--report", page).json();
        try (Checkpoint checkpoint = Samples.open(index);
                Checkpoint before = Samples.open(w0.resolve(Samples.INDEX))) {
            Baseline baseline = Baseline.of(before, checkpoint);
            assertEquals(page(index, w0 + ", " + before.format(), checkpoint, baseline), Files.readString(page));
        }
        String text = Files.readString(page);
        assertTrue(text.contains("the initial weights in " + w0 + ", "), text.substring(0, 100));
    }
}
