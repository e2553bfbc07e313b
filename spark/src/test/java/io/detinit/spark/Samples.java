package io.detinit.spark;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InitRules;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditJson;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.Auditor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.identify.LayerSearch;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.safetensors.SafetensorsWriter;
import io.detinit.interop.sharded.ShardedCheckpoint;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.DistributedCheckpoint;
import io.detinit.interop.torch.TorchFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A small sharded model whose weights have moved a little, and what one machine says of it. */
final class Samples {

    static final long SEED = 42;
    static final String INDEX = "model.safetensors.index.json";

    private Samples() {}

    private static TensorInfo info(String name, DType dtype, TensorInfo.Kind kind, long... dims) {
        return new TensorInfo(name, dtype, TensorShape.of(dims), kind);
    }

    /** In three shards; the embedding is longer than four chunks, the last layer is not a whole number of bands. */
    static List<List<TensorInfo>> layout() {
        TensorInfo.Kind parameter = TensorInfo.Kind.PARAMETER;
        return List.of(
                List.of(info("embed.weight", DType.BF16, parameter, 1203, 1000)),
                List.of(
                        info("norm.weight", DType.F32, parameter, 1000),
                        info("fc.weight", DType.F32, parameter, 301, 1000),
                        info("fc.bias", DType.F32, parameter, 301),
                        info("steps", DType.I64, TensorInfo.Kind.BUFFER, 3)),
                List.of(
                        info("half.weight", DType.F16, parameter, 5, 40000),
                        info("empty.weight", DType.F32, parameter, 0, 7),
                        info("out.weight", DType.F64, parameter, 18, 1001)));
    }

    /** Writes the model. */
    static Path write(Path folder) throws IOException {
        List<List<TensorInfo>> layout = layout();
        List<TensorView> blank = new ArrayList<>();
        layout.forEach(shard -> shard.forEach(info -> blank.add(zeros(info))));
        Plan plan = new Plan.Addressed(DefaultPlan.of(new Blank(blank), SEED, InitRules.he()));
        StringBuilder map = new StringBuilder();
        for (int k = 0; k < layout.size(); k++) {
            String shard = shard(k);
            List<TensorView> tensors = new ArrayList<>();
            for (TensorInfo info : layout.get(k)) {
                tensors.add(trained(info, plan));
                map.append(map.length() == 0 ? "" : ",")
                        .append('"')
                        .append(info.name())
                        .append("\":\"");
                map.append(shard).append('"');
            }
            SafetensorsWriter.write(folder.resolve(shard), tensors, Map.of("format", "pt"));
        }
        Path index = folder.resolve(INDEX);
        Files.writeString(index, "{\"metadata\":{},\"weight_map\":{" + map + "}}");
        return index;
    }

    /** The trained tensors of all shards. */
    static List<TensorView> tensors() throws IOException {
        List<TensorInfo> all = layout().stream().flatMap(List::stream).toList();
        List<TensorView> blank = all.stream().map(Samples::zeros).toList();
        Plan plan = new Plan.Addressed(DefaultPlan.of(new Blank(blank), SEED, InitRules.he()));
        List<TensorView> tensors = new ArrayList<>();
        for (TensorInfo info : all) {
            tensors.add(trained(info, plan));
        }
        return tensors;
    }

    static String shard(int k) {
        return "model-0000" + (k + 1) + "-of-00003.safetensors";
    }

    private static TensorView zeros(TensorInfo info) {
        return ArrayTensor.of(info, ByteBuffer.allocate(Math.toIntExact(info.bytes())));
    }

    private static TensorView trained(TensorInfo info, Plan plan) throws IOException {
        if (!info.dtype().isFloating()) {
            return zeros(info);
        }
        byte[] bytes = new byte[Math.toIntExact(info.bytes())];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        new InitialTensor(info, plan.find(info.name()).orElseThrow().values()).readBytes(0, buffer);
        SplittableRandom random = new SplittableRandom(info.name().length());
        int size = info.dtype().bytes();
        for (int k = 0; k < bytes.length / size; k++) {
            boolean still = k % 1000 == 17 || k / 1000 == 3; // a column and a row in which nothing moves
            if (!still && random.nextInt(3) == 0) {
                int at = k * size;
                switch (info.dtype()) {
                    case F32 -> buffer.putFloat(at, buffer.getFloat(at) + (float) (random.nextGaussian() * 1e-3));
                    case F64 -> buffer.putDouble(at, buffer.getDouble(at) + random.nextGaussian() * 1e-3);
                    default -> buffer.putShort(at, (short) (buffer.getShort(at) + random.nextInt(3)));
                }
            }
        }
        if (info.name().equals("fc.weight")) {
            buffer.putFloat(4000, Float.NaN);
        }
        return ArrayTensor.of(info, buffer.clear());
    }

    /** What {@code detinit audit --json} prints. */
    static String alone(Path file, String named, AuditOptions options) throws IOException {
        return alone(file, named, SEED, options);
    }

    static String alone(Path file, String named, long seed, AuditOptions options) throws IOException {
        try (Checkpoint checkpoint = open(file)) {
            InitPlan usual = DefaultPlan.of(checkpoint, seed, InitRules.he());
            Plan plan = new Plan.Addressed(LayerSearch.of(checkpoint, usual, 2).plan());
            Baseline baseline = Baseline.of(plan, checkpoint);
            AuditReport report = new Auditor(options, 2).audit(checkpoint, baseline);
            return AuditJson.of(named, checkpoint.format(), baseline.kind(), baseline.seed(), report)
                    .toString();
        }
    }

    /** The plan that the jobs find for a checkpoint. */
    static Plan plan(Checkpoint checkpoint) throws IOException {
        String own = checkpoint.metadata().get(Checkpoint.PLAN_KEY);
        if (own != null) {
            return PlanJson.read(own, "the file's plan");
        }
        InitPlan usual = DefaultPlan.of(checkpoint, SEED, InitRules.he());
        return new Plan.Addressed(LayerSearch.of(checkpoint, usual, 2).plan());
    }

    static Checkpoint open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            return DistributedCheckpoint.open(file);
        }
        String name = file.toString();
        if (name.endsWith(".json")) {
            return ShardedCheckpoint.open(file, Samples::open);
        }
        return name.endsWith(".safetensors") ? SafetensorsFile.open(file) : TorchFile.open(file);
    }

    /** A file that keeps its matrices inputs first, with many equal weights, and says so in its plan. */
    static Path writeTurned(Path file) throws IOException {
        List<PlannedTensor> planned = List.of(
                new PlannedTensor("a.weight", TensorShape.of(130, 700), 0, Scheme.HE, StoredOrder.IN_OUT),
                new PlannedTensor("b.weight", TensorShape.of(90, 110), 1, Scheme.HE, StoredOrder.OUT_IN),
                new PlannedTensor("c.weight", TensorShape.of(257, 300), 2, Scheme.HE, StoredOrder.IN_OUT));
        InitPlan plan = new InitPlan(SEED, planned);
        List<TensorView> tensors = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(5);
        for (PlannedTensor tensor : planned) {
            TensorShape stored = tensor.stored().stored(tensor.shape());
            float[] weights = new float[(int) stored.elements()];
            for (int k = 0; k < weights.length; k++) {
                weights[k] = (float) Math.rint(random.nextGaussian() * 8) / 64;
            }
            tensors.add(ArrayTensor.of(tensor.name(), stored, weights));
        }
        SafetensorsWriter.write(file, tensors, Map.of(Checkpoint.PLAN_KEY, PlanJson.write(new Plan.Addressed(plan))));
        return file;
    }

    /** Tensors in no file. */
    private record Blank(List<TensorView> tensors) implements Checkpoint {

        @Override
        public Path path() {
            return Path.of("blank");
        }

        @Override
        public String format() {
            return "blank";
        }

        @Override
        public Map<String, String> metadata() {
            return Map.of();
        }

        @Override
        public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }
}
