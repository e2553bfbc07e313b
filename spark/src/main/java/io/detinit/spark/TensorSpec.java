package io.detinit.spark;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.plan.PlanJson;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * What an executor needs to know of one audited tensor: where its bytes lie, and the one line of the plan that its initial values
 * follow from. A few hundred bytes.
 *
 * @param file the file, as Hadoop names it
 * @param position the first byte of the elements there
 * @param name its name in the checkpoint
 * @param dtype its dtype
 * @param dims its shape as stored
 * @param kind what it is in the model
 * @param initialName what the plan calls it
 * @param order which way round the checkpoint keeps it
 * @param plan a plan of this tensor alone
 * @param limits what each threshold came to
 */
record TensorSpec(
        String file,
        long position,
        String name,
        DType dtype,
        List<Long> dims,
        TensorInfo.Kind kind,
        String initialName,
        StoredOrder order,
        String plan,
        List<Double> limits)
        implements Serializable {

    /** Describes a tensor of a plan. */
    static TensorSpec of(AuditedTensor tensor, FileTensor stored, String file, Plan plan) {
        Baseline.Initial initial = tensor.initial();
        TensorInfo info = stored.info();
        Plan own = plan.forFile(
                Map.of(initial.name(), initial.name()),
                Map.of(initial.name(), plan.find(initial.name()).orElseThrow().stored()));
        return new TensorSpec(
                file,
                stored.bytes().filePosition(0),
                info.name(),
                info.dtype(),
                java.util.Arrays.stream(info.shape().dims()).boxed().toList(),
                info.kind(),
                initial.name(),
                initial.order(),
                PlanJson.write(own),
                List.copyOf(tensor.limits()));
    }

    private TensorInfo info() {
        long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
        return new TensorInfo(name, dtype, TensorShape.of(shape), kind);
    }

    /** The tensor on the machine that has opened its file. */
    AuditedTensor open(ByteSource source, AuditOptions options) throws IOException {
        Plan.Entry entry = PlanJson.read(plan, file).find(initialName).orElseThrow();
        Baseline.Initial initial = new Baseline.Initial(initialName, order, entry.values());
        return AuditedTensor.of(FileTensor.in(info(), source, position), initial, options, limits);
    }

    /** The byte of the file after some elements, counted in the order of the audit; the end of the tensor where it is turned. */
    long endOf(long elements) {
        TensorInfo info = info();
        return order == StoredOrder.OUT_IN
                ? position + Math.min(info.bytes(), elements * dtype.bytes())
                : position + info.bytes();
    }
}
