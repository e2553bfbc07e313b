package io.detinit.interop.audit;

import java.io.IOException;

/**
 * Audits ranges of tensors, wherever they run: what {@link DividedAudit} puts together.
 *
 * <p>Not thread-safe; each thread has its own.
 */
public final class RangeAuditor {

    private final ChunkAudit.Worker worker = new ChunkAudit.Worker();
    private final WeightReader reader = new WeightReader(ChunkAudit.BAND);

    /** An auditor with its buffers, about 3.5 MB. */
    public RangeAuditor() {}

    /**
     * Audits consecutive chunks of a tensor.
     *
     * @param number the tensor's number among the audited ones
     * @param tensor the tensor
     * @param first the first chunk
     * @param end the chunk after the last
     * @return what was found
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public PartialAudit audit(int number, AuditedTensor tensor, long first, long end) throws IOException {
        return audit(number, tensor, first, end, Lines.NONE);
    }

    /**
     * Audits consecutive chunks of a tensor, and its rows and columns.
     *
     * @param number the tensor's number among the audited ones
     * @param tensor the tensor
     * @param first the first chunk
     * @param end the chunk after the last
     * @param lines what is kept of them; the same for all chunks of the tensor
     * @return what was found
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public PartialAudit audit(int number, AuditedTensor tensor, long first, long end, Lines lines) throws IOException {
        java.util.Objects.checkFromToIndex(first, end, tensor.chunks());
        TensorWork work = tensor.work();
        long begin = first * AuditedTensor.CHUNK;
        long stop = Math.min(work.elements(), end * AuditedTensor.CHUNK);
        PartialAudit part =
                new PartialAudit(number, first, work.thresholds().size(), LineMarks.of(work, begin, stop - begin));
        worker.forgetColumns();
        for (long from = begin; from < stop; from += AuditedTensor.CHUNK) {
            int count = (int) Math.min(AuditedTensor.CHUNK, stop - from);
            part.add(ChunkAudit.of(worker, work, from, count, lines));
        }
        return part.finished();
    }

    /**
     * Counts |w - w0| as float32 bits, for quantiles: by the upper 16 bits, or those with a given upper half by the lower 16.
     *
     * @param tensor the tensor
     * @param first the first chunk
     * @param end the chunk after the last
     * @param upper the upper half whose lower halves are counted; negative to count upper halves
     * @param counts 65,536 counts, added to
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such chunks
     */
    public void count(AuditedTensor tensor, long first, long end, int upper, long[] counts) throws IOException {
        java.util.Objects.checkFromToIndex(first, end, tensor.chunks());
        long bands = (tensor.elements() + ChunkAudit.BAND - 1) / ChunkAudit.BAND;
        for (long band = first * Auditor.BANDS; band < Math.min(bands, end * Auditor.BANDS); band++) {
            QuantileSearch.count(reader, tensor.work(), band, upper, counts);
        }
    }

    /**
     * Looks at rows one by one. The means are the bits that an audit with {@link AuditOptions#lines} gives.
     *
     * @param tensor the tensor
     * @param first the first row
     * @param end the row after the last
     * @param sink receives the rows in order
     * @throws IOException if reading fails
     * @throws IndexOutOfBoundsException if the tensor has no such rows
     */
    public void rows(AuditedTensor tensor, long first, long end, java.util.function.Consumer<RowFigures> sink)
            throws IOException {
        java.util.Objects.checkFromToIndex(first, end, tensor.rows());
        RowSums sums = new RowSums(tensor, first, sink);
        long stop = end * tensor.cols();
        long from = first * tensor.cols();
        while (from < stop) {
            int count = (int) Math.min(ChunkAudit.BAND - from % ChunkAudit.BAND, stop - from);
            ChunkAudit.of(worker, tensor.work(), from, count, Lines.NONE, true);
            sums.add(worker, from, count);
            from += count;
        }
    }
}
