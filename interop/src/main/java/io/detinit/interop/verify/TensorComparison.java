package io.detinit.interop.verify;

import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Two checkpoints compared tensor by tensor, bit for bit.
 *
 * @param tensors one entry for each tensor that either has: those of the first in its order, then those that only the second has
 */
public record TensorComparison(List<Entry> tensors) {

    private static final int CHUNK = 1 << 16;

    /** Copies the list. */
    public TensorComparison {
        tensors = List.copyOf(tensors);
    }

    /**
     * One tensor.
     *
     * @param name its name
     * @param problem what keeps it from being compared (missing in one, other dtype or shape); empty where it was compared
     * @param elements how many elements it has in the file that has it
     * @param different how many elements differ in at least one bit
     * @param maxAbsDifference the largest |a - b| of floating-point elements; 0 where nothing differs
     */
    public record Entry(String name, String problem, long elements, long different, double maxAbsDifference) {

        /** {@return whether both files have the tensor with the same bits} */
        public boolean same() {
            return problem.isEmpty() && different == 0;
        }
    }

    /** {@return whether all tensors are the same} */
    public boolean same() {
        return tensors.stream().allMatch(Entry::same);
    }

    /**
     * Compares.
     *
     * @param a the first checkpoint
     * @param b the second
     * @return what differs
     * @throws IOException if reading fails
     */
    public static TensorComparison of(Checkpoint a, Checkpoint b) throws IOException {
        List<Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (TensorView left : a.tensors()) {
            TensorInfo info = left.info();
            names.add(info.name());
            TensorView right = b.find(info.name()).orElse(null);
            if (right == null) {
                entries.add(problem(info, "only in the first"));
            } else if (right.info().dtype() != info.dtype()
                    || !right.info().shape().equals(info.shape())) {
                entries.add(problem(
                        info,
                        info.dtype() + " " + info.shape() + " against "
                                + right.info().dtype() + " " + right.info().shape()));
            } else {
                entries.add(compare(left, right));
            }
        }
        for (TensorView right : b.tensors()) {
            if (!names.contains(right.info().name())) {
                entries.add(problem(right.info(), "only in the second"));
            }
        }
        return new TensorComparison(entries);
    }

    private static Entry problem(TensorInfo info, String problem) {
        return new Entry(info.name(), problem, info.shape().elements(), 0, 0);
    }

    private static Entry compare(TensorView a, TensorView b) throws IOException {
        TensorInfo info = a.info();
        int size = info.dtype().bytes();
        ByteBuffer bytesA = ByteBuffer.allocate(CHUNK * size);
        ByteBuffer bytesB = ByteBuffer.allocate(CHUNK * size);
        long different = 0;
        double max = 0;
        for (long from = 0; from < info.shape().elements(); from += CHUNK) {
            int count = (int) Math.min(CHUNK, info.shape().elements() - from);
            a.readBytes(from * size, bytesA.clear().limit(count * size));
            b.readBytes(from * size, bytesB.clear().limit(count * size));
            int differentHere = differences(bytesA.array(), bytesB.array(), count, size);
            different += differentHere;
            if (differentHere > 0 && info.dtype().isFloating()) {
                max = Math.max(max, maxDifference(a, b, from, count));
            }
        }
        return new Entry(info.name(), "", info.shape().elements(), different, max);
    }

    private static int differences(byte[] a, byte[] b, int count, int size) {
        int different = 0;
        for (int k = 0; k < count; k++) {
            if (!java.util.Arrays.equals(a, k * size, (k + 1) * size, b, k * size, (k + 1) * size)) {
                different++;
            }
        }
        return different;
    }

    private static double maxDifference(TensorView a, TensorView b, long from, int count) throws IOException {
        double max = 0;
        if (a.info().dtype() == DType.F64) {
            double[] x = new double[count];
            double[] y = new double[count];
            a.readDoubles(from, x, 0, count);
            b.readDoubles(from, y, 0, count);
            for (int k = 0; k < count; k++) {
                max = Math.max(max, Math.abs(x[k] - y[k]));
            }
            return max;
        }
        float[] x = new float[count];
        float[] y = new float[count];
        a.readFloats(from, x, 0, count);
        b.readFloats(from, y, 0, count);
        for (int k = 0; k < count; k++) {
            max = Math.max(max, Math.abs((double) x[k] - y[k]));
        }
        return max;
    }
}
