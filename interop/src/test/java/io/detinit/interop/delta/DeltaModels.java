package io.detinit.interop.delta;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.init.InitialTensor;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Small trained models with known initial values. */
final class DeltaModels {

    static final Plan PLAN = new Plan.Addressed(new InitPlan(
            42,
            List.of(
                    new PlannedTensor("fc1.weight", TensorShape.of(71, 93), 0, Scheme.HE),
                    new PlannedTensor("fc1.bias", TensorShape.of(71), -1, Scheme.ZEROS),
                    new PlannedTensor("conv.weight", TensorShape.of(4, 3, 3, 5), 1, Scheme.HE_UNIFORM),
                    new PlannedTensor("still.weight", TensorShape.of(6, 7), 2, Scheme.XAVIER))));

    private DeltaModels() {}

    /** A parameter of which a part moved: some by much, some by one bit, to -0, to a NaN with a payload. */
    static ArrayTensor trained(Plan plan, String name, DType dtype, double part) throws IOException {
        Plan.Entry entry = plan.find(name).orElseThrow();
        TensorInfo info = new TensorInfo(name, dtype, entry.shape(), TensorInfo.Kind.PARAMETER);
        ByteBuffer bytes = read(new InitialTensor(info, entry.values()));
        Random random = new Random(name.hashCode());
        int size = dtype.bytes();
        for (int k = 0; k < entry.shape().elements(); k++) {
            if (random.nextDouble() >= part) {
                continue;
            }
            byte[] element = new byte[size];
            int how = random.nextInt(8);
            switch (how) {
                case 0 -> bytes.get(k * size, element);
                case 1 -> element[size - 1] = (byte) 0x80;
                case 2 -> {
                    random.nextBytes(element);
                    element[size - 1] = (byte) 0xFF;
                    element[size - 2] = (byte) 0xFF;
                }
                default -> {
                    random.nextBytes(element);
                    element[size - 1] = (byte) (0x38 + random.nextInt(4));
                }
            }
            element[0] ^= (byte) (how == 1 ? 0 : 1); // -0 differs from the 0 of a bias by its sign alone
            bytes.put(k * size, element);
        }
        return ArrayTensor.of(info, bytes);
    }

    static List<TensorView> model(Plan plan, DType dtype) throws IOException {
        List<TensorView> tensors = new ArrayList<>();
        for (Plan.Entry entry : plan.entries()) {
            double part = entry.name().startsWith("still") ? 0 : entry.name().endsWith("bias") ? 1 : 0.25;
            tensors.add(trained(plan, entry.name(), dtype, part));
        }
        tensors.add(ArrayTensor.of(
                new TensorInfo("bn.num_batches_tracked", DType.I64, TensorShape.of(), TensorInfo.Kind.BUFFER),
                ByteBuffer.wrap(new byte[] {7, 0, 0, 0, 0, 0, 0, 0})));
        tensors.add(ArrayTensor.of("bn.running_mean", TensorShape.of(3), new float[] {1, -0f, Float.NaN}));
        tensors.add(ArrayTensor.of("empty.weight", TensorShape.of(0, 4), new float[0]));
        return tensors;
    }

    static ByteBuffer read(TensorView tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.info().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        tensor.readBytes(0, bytes);
        return bytes.flip();
    }

    /** Every tensor of one is in the other, with the same dtype, shape and bits, in the same order. */
    static void same(List<? extends TensorView> expected, List<TensorView> found) throws IOException {
        assertEquals(
                expected.stream().map(tensor -> tensor.info().name()).toList(),
                found.stream().map(tensor -> tensor.info().name()).toList());
        for (int k = 0; k < expected.size(); k++) {
            TensorInfo info = expected.get(k).info();
            assertEquals(info.dtype(), found.get(k).info().dtype(), info.name());
            assertEquals(info.shape(), found.get(k).info().shape(), info.name());
            assertArrayEquals(read(expected.get(k)).array(), read(found.get(k)).array(), info.name());
        }
    }

    /** Packs exactly, and gives back what the delta says. */
    static DeltaReport pack(Path source, Plan plan, Path target) throws IOException {
        try (Checkpoint checkpoint = Checkpoints.open(source)) {
            return new DeltaPacker(DeltaOptions.exact(2)).pack(checkpoint, plan, target, done -> {});
        }
    }

    static DeltaUnpacker.Unpacked unpack(Path delta, Path target) throws IOException {
        try (DeltaFile file = DeltaFile.open(delta)) {
            return DeltaUnpacker.unpack(file, DeltaUnpacker.containerFor(file, target), target);
        }
    }

    static void sameFiles(Path expected, Path found) throws IOException {
        try (Checkpoint first = Checkpoints.open(expected);
                Checkpoint second = Checkpoints.open(found)) {
            same(first.tensors(), second.tensors());
        }
    }
}
