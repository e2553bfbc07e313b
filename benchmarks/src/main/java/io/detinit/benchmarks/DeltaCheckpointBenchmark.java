package io.detinit.benchmarks;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.delta.DeltaFile;
import io.detinit.interop.delta.DeltaOptions;
import io.detinit.interop.delta.DeltaPacker;
import io.detinit.interop.delta.DeltaReport;
import io.detinit.interop.delta.DeltaUnpacker;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Unpacking a delta of a model of 1 GiB (16 matrices of 4096 x 4096 float32, every weight kept with a chance of 20 %), on all cores,
 * delta file in the page cache; beside it the generator alone.
 *
 * <p>The folder of the files (2.3 GiB) is the system property {@code detinit.benchmark.folder}, else a temporary one.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx256m"})
public class DeltaCheckpointBenchmark {

    private static final int TENSORS = LargeModel.TENSORS;
    private static final TensorShape SHAPE = LargeModel.SHAPE;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private final InitPlan init = LargeModel.plan();
    private final Plan plan = new Plan.Addressed(init);
    private Path folder = Path.of("");

    /** Whether a weight moved: a fifth of them, without a pattern. */
    private static boolean moves(long element) {
        long z = (element + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        return Long.remainderUnsigned(z ^ (z >>> 31), 5) == 0;
    }

    /** A trained tensor. */
    private record Trained(TensorInfo info, TensorInit init) implements TensorView {
        @Override
        public void readBytes(long position, ByteBuffer destination) {
            int count = destination.remaining() / Float.BYTES;
            float[] values = new float[count];
            long first = position / Float.BYTES;
            init.fillParallel(first, values, 0, count);
            ByteBuffer out = destination.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            for (int k = 0; k < count; k++) {
                out.putFloat(moves(first + k) ? values[k] + Math.copySign(1e-3f, values[k]) : values[k]);
            }
            destination.position(destination.limit());
        }
    }

    /** Writes model and delta; checks the number of kept weights, and every restored byte against the model. */
    @Setup
    public void setUp() throws IOException {
        String given = System.getProperty("detinit.benchmark.folder", "");
        folder = given.isEmpty() ? Files.createTempDirectory("detinit-benchmark") : Path.of(given);
        Path model = folder.resolve("delta-model.safetensors");
        if (!Files.exists(delta())) {
            List<TensorView> tensors = new ArrayList<>();
            for (PlannedTensor tensor : init.tensors()) {
                TensorInfo info = new TensorInfo(tensor.name(), DType.F32, SHAPE, TensorInfo.Kind.PARAMETER);
                tensors.add(new Trained(info, init.init(tensor)));
            }
            SafetensorsWriter.write(model, tensors, Map.of());
            try (SafetensorsFile file = SafetensorsFile.open(model)) {
                DeltaReport report = new DeltaPacker(DeltaOptions.exact(threads)).pack(file, plan, delta(), done -> {});
                System.out.println("delta: " + report.bytes() + " bytes, masks " + report.maskBytes() + ", values "
                        + report.valueBytes() + ", of " + Files.size(model));
            }
        }
        long moved = 0;
        for (long element = 0; element < SHAPE.elements(); element++) {
            moved += moves(element) ? TENSORS : 0;
        }
        LongAdder checked = new LongAdder();
        try (SafetensorsFile file = SafetensorsFile.open(model);
                DeltaFile delta = DeltaFile.open(delta())) {
            delta.restore(threads, (tensor, position, bytes) -> {
                TensorView original = file.find(tensor.info().name()).orElseThrow();
                if (!original.view(position, bytes.remaining()).equals(bytes)) {
                    throw new IllegalStateException(tensor.info().name() + " differs near byte " + position);
                }
                checked.add(bytes.remaining());
            });
            if (delta.delta().kept() != moved || checked.sum() != TENSORS * SHAPE.elements() * Float.BYTES) {
                throw new IllegalStateException(delta.delta().kept() + " kept of " + moved + ", " + checked + " bytes");
            }
        }
    }

    private Path delta() {
        return folder.resolve("model.delta");
    }

    /** The generator alone: the same weights on as many threads, each block over the last one. */
    @Benchmark
    public void generator(Blackhole sink) throws IOException {
        GeneratorPeer.run(plan, threads, sink);
    }

    /** All restored bytes, block by block, each block over the last one. */
    @Benchmark
    public void unpackToMemory(Blackhole sink) throws IOException {
        try (DeltaFile delta = DeltaFile.open(delta())) {
            delta.restore(threads, (tensor, position, bytes) -> sink.consume(bytes));
        }
    }

    /** {@return what was written: the model as a safetensors file, into the page cache and forced to the disk} */
    @Benchmark
    public DeltaUnpacker.Unpacked unpackToFile() throws IOException {
        try (DeltaFile delta = DeltaFile.open(delta())) {
            return DeltaUnpacker.unpack(
                    delta, DeltaUnpacker.Container.SAFETENSORS, folder.resolve("unpacked.safetensors"));
        }
    }

    /** The same file copied, without restoring anything: what the writing alone costs. */
    @Benchmark
    public void copyOfTheModel() throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("delta-model.safetensors"))) {
            file.rewrite(folder.resolve("unpacked.safetensors"), Map.of(), Map.of());
        }
    }
}
