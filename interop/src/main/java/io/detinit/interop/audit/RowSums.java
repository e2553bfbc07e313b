package io.detinit.interop.audit;

import io.detinit.interop.tensor.DType;
import java.util.function.Consumer;

/** Adds up consecutive rows from bands that a worker has compared, and hands each on when it is whole. Not thread-safe. */
final class RowSums {

    private final DType dtype;
    private final long cols;
    private final Consumer<RowFigures> sink;
    private long row;
    private long elements;
    private long moved;
    private long identical;
    private long notFinite;
    private double sum;
    private double max;

    RowSums(AuditedTensor tensor, long first, Consumer<RowFigures> sink) {
        this.dtype = tensor.work().dtype();
        this.cols = tensor.cols();
        this.sink = sink;
        this.row = first;
    }

    /** Adds the elements of a band, in the order of {@link LineSums}: a part of a row is summed up first. */
    void add(ChunkAudit.Worker worker, long from, int count) {
        int at = 0;
        while (at < count) {
            int run = (int) Math.min(cols - (from + at) % cols, count - at);
            addRun(worker, at, run);
            at += run;
            if (elements == cols) {
                sink.accept(new RowFigures(row, cols, moved, identical, notFinite, sum / cols, max));
                row++;
                elements = 0;
                moved = 0;
                identical = 0;
                notFinite = 0;
                sum = 0;
                max = 0;
            }
        }
    }

    private void addRun(ChunkAudit.Worker worker, int at, int run) {
        double part = 0;
        for (int k = at; k < at + run; k++) {
            moved += worker.isMoved(k) ? 1 : 0;
            identical += worker.reader().isIdentical(k, dtype) ? 1 : 0;
            double abs = Math.abs(worker.reader().delta(k, dtype));
            if (abs <= Double.MAX_VALUE) {
                part += abs;
                max = Math.max(max, abs);
            } else {
                notFinite++;
            }
        }
        sum += part;
        elements += run;
    }
}
