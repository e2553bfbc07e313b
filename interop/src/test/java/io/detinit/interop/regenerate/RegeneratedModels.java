package io.detinit.interop.regenerate;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.TensorInit;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.onnx.TestModels;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.prune.Destination;
import io.detinit.interop.prune.Fill;
import io.detinit.interop.prune.PruneReport;
import io.detinit.interop.prune.Pruner;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Models whose outputs are their weights, pruned with the weights stored and with the weights computed. */
final class RegeneratedModels {

    private final Path folder;
    private final InitPlan plan;

    RegeneratedModels(Path folder, InitPlan plan) {
        this.folder = folder;
        this.plan = plan;
    }

    /** Weights near their initial values, each an output through Identity; opset 18 unless the test changes it. */
    OnnxMl.ModelProto.Builder model(DType dtype) {
        OnnxMl.GraphProto.Builder graph = OnnxMl.GraphProto.newBuilder().setName("g");
        Random random = new Random(5);
        for (PlannedTensor tensor : plan.tensors()) {
            TensorInit init = plan.init(tensor);
            float[] initial = init.toArray();
            long[] dims = tensor.stored().stored(tensor.shape()).dims();
            int size = dtype.bytes();
            byte[] bytes = new byte[initial.length * size];
            ByteBuffer elements = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            boolean turned = tensor.stored() != io.detinit.generator.StoredOrder.OUT_IN;
            int cols = Math.toIntExact(tensor.shape().cols());
            for (int k = 0; k < initial.length; k++) {
                float value = initial[k] + 0.1f * (float) random.nextGaussian();
                int at = turned ? k % cols * (initial.length / cols) + k / cols : k;
                switch (dtype) {
                    case F32 -> elements.putFloat(at * size, value);
                    case F16 -> elements.putShort(at * size, ReducedPrecision.toFloat16(value));
                    case BF16 -> elements.putShort(at * size, ReducedPrecision.toBfloat16(value));
                    case F64 -> elements.putDouble(at * size, value);
                    default -> throw new IllegalArgumentException(dtype.toString());
                }
            }
            int type = switch (dtype) {
                case F32 -> OnnxMl.TensorProto.DataType.FLOAT_VALUE;
                case F16 -> OnnxMl.TensorProto.DataType.FLOAT16_VALUE;
                case BF16 -> OnnxMl.TensorProto.DataType.BFLOAT16_VALUE;
                default -> OnnxMl.TensorProto.DataType.DOUBLE_VALUE;
            };
            graph.addInitializer(TestModels.tensor(tensor.name(), type, dims).setRawData(ByteString.copyFrom(bytes)));
            graph.addNode(TestModels.node("Identity", "out." + tensor.name(), tensor.name()));
            OnnxMl.ValueInfoProto.Builder output = TestModels.value("out." + tensor.name(), dims).toBuilder();
            output.getTypeBuilder().getTensorTypeBuilder().setElemType(type);
            graph.addOutput(output);
        }
        OnnxMl.ModelProto.Builder model = TestModels.model(graph);
        model.getOpsetImportBuilder(0).setVersion(18);
        return model;
    }

    Path write(String name, OnnxMl.ModelProto.Builder model) throws IOException {
        return Files.write(folder.resolve(name), model.build().toByteArray());
    }

    /** Prunes back to w0 at random. */
    PruneReport prune(Path model, Path target, double sparsity, TensorStorage storage) throws IOException {
        try (OnnxCheckpoint checkpoint = OnnxCheckpoint.open(model)) {
            Baseline baseline = Baseline.of(new Plan.Addressed(plan), checkpoint);
            Map<String, Mask> masks = new LinkedHashMap<>();
            for (PlannedTensor tensor : plan.tensors()) {
                Random random = new Random(tensor.name().hashCode());
                boolean[] kept = new boolean[Math.toIntExact(tensor.shape().elements())];
                for (int k = 0; k < kept.length; k++) {
                    kept[k] = random.nextDouble() >= sparsity;
                }
                masks.put(tensor.name(), Mask.of(tensor.shape(), element -> kept[(int) element]));
            }
            return new Pruner(baseline, 1)
                    .prune(checkpoint, masks, Fill.INIT, new Destination(target, Map.of("k", "v"), storage));
        }
    }

    /** Names of the tensors of a report that are left dense, with the reasons. */
    static Map<String, String> dense(PruneReport report) {
        Map<String, String> dense = new LinkedHashMap<>();
        for (RegenerateReport.Entry entry : report.regenerated().orElseThrow().entries()) {
            if (!entry.regenerated()) {
                dense.put(entry.name(), entry.reason());
            }
        }
        return dense;
    }

    static List<String> codings(PruneReport report) {
        List<String> codings = new ArrayList<>();
        report.regenerated().orElseThrow().entries().forEach(entry -> codings.add(entry.coding()));
        return codings;
    }
}
