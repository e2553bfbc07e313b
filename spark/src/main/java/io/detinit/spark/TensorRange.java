package io.detinit.spark;

import io.detinit.interop.audit.AuditedTensor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A range of one tensor.
 *
 * @param tensor its number among the audited ones
 * @param first the first chunk, or row
 * @param end the chunk, or row, after the last
 */
record TensorRange(int tensor, long first, long end) implements Serializable {

    /**
     * Divides all chunks into consecutive parts of about the same size.
     *
     * @param tensors the audited tensors
     * @param parts how many parts
     * @param round whether tensors are cut at multiples of a power of two, an eighth of a part or somewhat less
     * @return the ranges of each part, in order; none where there are fewer chunks than parts
     */
    static List<List<TensorRange>> chunks(List<AuditedTensor> tensors, int parts, boolean round) {
        List<Long> counts = tensors.stream().map(AuditedTensor::chunks).toList();
        long total = counts.stream().mapToLong(Long::longValue).sum();
        return divide(counts, parts, round ? Long.highestOneBit(Math.max(1, total / parts / 8)) : 1);
    }

    /**
     * Divides all chunks into consecutive parts of about the same size.
     *
     * @param counts how many chunks each tensor has
     * @param parts how many parts
     * @return the ranges of each part, in order; none where there are fewer chunks than parts
     */
    static List<List<TensorRange>> divide(List<Long> counts, int parts) {
        return divide(counts, parts, 1);
    }

    private static List<List<TensorRange>> divide(List<Long> counts, int parts, long step) {
        long total = counts.stream().mapToLong(Long::longValue).sum();
        List<List<TensorRange>> all = new ArrayList<>();
        int tensor = 0;
        long before = 0; // chunks of the tensors before this one
        long from = 0;
        for (long part = 0; part < parts; part++) {
            long end = share(total, part + 1, parts);
            List<TensorRange> ranges = new ArrayList<>();
            while (from < end) {
                long chunks = counts.get(tensor);
                long stop = end < before + chunks ? before + (end - before) / step * step : before + chunks;
                if (stop <= from && chunks > 0) {
                    break;
                }
                if (chunks > 0) {
                    ranges.add(new TensorRange(tensor, from - before, stop - before));
                }
                from = stop;
                if (stop == before + chunks) {
                    before += chunks;
                    tensor++;
                }
            }
            all.add(ranges);
        }
        return all;
    }

    private static long share(long total, long part, long parts) {
        return total / parts * part + total % parts * part / parts;
    }

    /**
     * Divides all rows into pieces of about the same number of elements; a row is not divided.
     *
     * @param tensors the audited tensors
     * @param elements of a piece
     * @return the pieces in order
     */
    static List<TensorRange> rows(List<AuditedTensor> tensors, long elements) {
        List<TensorRange> all = new ArrayList<>();
        for (int tensor = 0; tensor < tensors.size(); tensor++) {
            long rows = tensors.get(tensor).rows();
            long step = Math.max(1, elements / Math.max(1, tensors.get(tensor).cols()));
            for (long row = 0; row < rows; row += step) {
                all.add(new TensorRange(tensor, row, Math.min(rows, row + step)));
            }
        }
        return all;
    }
}
