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
     * @return the ranges of each part, in order; none where there are fewer chunks than parts
     */
    static List<List<TensorRange>> chunks(List<AuditedTensor> tensors, int parts) {
        return divide(tensors.stream().map(AuditedTensor::chunks).toList(), parts);
    }

    /**
     * Divides all chunks into consecutive parts of about the same size.
     *
     * @param counts how many chunks each tensor has
     * @param parts how many parts
     * @return the ranges of each part, in order; none where there are fewer chunks than parts
     */
    static List<List<TensorRange>> divide(List<Long> counts, int parts) {
        long total = counts.stream().mapToLong(Long::longValue).sum();
        List<List<TensorRange>> all = new ArrayList<>();
        int tensor = 0;
        long before = 0; // chunks of the tensors before this one
        for (long part = 0; part < parts; part++) {
            long from = share(total, part, parts);
            long end = share(total, part + 1, parts);
            List<TensorRange> ranges = new ArrayList<>();
            while (from < end) {
                long chunks = counts.get(tensor);
                long stop = Math.min(end, before + chunks);
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
