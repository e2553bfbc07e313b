package io.detinit.spark;

import io.detinit.interop.audit.AuditedTensor;
import io.detinit.interop.audit.RangeAuditor;
import io.detinit.interop.audit.RowFigures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The rows of a range as rows of a table, a few at a time. Not thread-safe. */
final class RowIterator implements Iterator<Row> {

    /** The columns. */
    static final StructType SCHEMA = new StructType()
            .add("tensor", DataTypes.StringType, false)
            .add("row", DataTypes.LongType, false)
            .add("elements", DataTypes.LongType, false)
            .add("moved", DataTypes.LongType, false)
            .add("bitIdentical", DataTypes.LongType, false)
            .add("notFinite", DataTypes.LongType, false)
            .add("meanAbsDelta", DataTypes.DoubleType, false)
            .add("maxAbsDelta", DataTypes.DoubleType, false);

    /** Rows held at once. */
    private static final int HELD = 4096;

    private final AuditTasks tasks;
    private final TensorRange range;
    private final RangeAuditor auditor = new RangeAuditor();
    private final ArrayDeque<Row> ready = new ArrayDeque<>();
    private long next;

    RowIterator(AuditTasks tasks, TensorRange range) {
        this.tasks = tasks;
        this.range = range;
        this.next = range.first();
    }

    @Override
    public boolean hasNext() {
        if (ready.isEmpty() && next < range.end()) {
            fill();
        }
        return !ready.isEmpty();
    }

    private void fill() {
        long end = Math.min(range.end(), next + HELD);
        String name = tasks.spec().value().tensors().get(range.tensor()).name();
        try (OpenTensors tensors = tasks.open()) {
            AuditedTensor tensor = tensors.get(range.tensor(), Long.MAX_VALUE);
            tensor = tensors.get(range.tensor(), end * tensor.cols());
            auditor.rows(tensor, next, end, row -> ready.add(row(name, row)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        next = end;
    }

    private static Row row(String name, RowFigures row) {
        return RowFactory.create(
                name,
                row.row(),
                row.elements(),
                row.moved(),
                row.bitIdentical(),
                row.notFinite(),
                row.meanAbsDelta(),
                row.maxAbsDelta());
    }

    @Override
    public Row next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.remove();
    }
}
