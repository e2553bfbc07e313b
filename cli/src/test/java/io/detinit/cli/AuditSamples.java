package io.detinit.cli;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.AuditOptions;
import io.detinit.interop.audit.AuditReport;
import io.detinit.interop.audit.DeltaHistogram;
import io.detinit.interop.audit.Figures;
import io.detinit.interop.audit.MovedLines;
import io.detinit.interop.audit.Provenance;
import io.detinit.interop.audit.TensorAudit;
import io.detinit.interop.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Audits with made-up figures, for four thresholds: absolute, std, ulp, quantile. */
public final class AuditSamples {

    private AuditSamples() {}

    public static AuditReport report(AuditOptions options, Provenance.Verdict verdict, List<TensorAudit> tensors) {
        long elements = tensors.stream()
                .filter(TensorAudit::audited)
                .mapToLong(TensorAudit::elements)
                .sum();
        long zero = tensors.stream().mapToLong(t -> t.figures().bitIdentical()).sum();
        Provenance provenance = switch (verdict) {
            case MATCH -> new Provenance(0.98, elements, 0, verdict);
            case NO_MATCH -> new Provenance(0.0012, elements, 0.31, verdict);
            case UNDECIDED -> new Provenance(0.02, elements, 0.04, verdict);
        };
        Figures total = figures(elements, zero, List.of(1e-5, Double.NaN, 4.0, 2e-3), Double.NaN, Double.NaN);
        return new AuditReport(options, tensors, total, provenance, Optional.empty(), List.of());
    }

    public static TensorAudit matrix(String name, int rows, int cols, int dead) {
        return matrix(name, rows, cols, dead, DType.F32);
    }

    /** A matrix whose first inputs are dead. */
    public static TensorAudit matrix(String name, int rows, int cols, int dead, DType dtype) {
        return tensor(name, TensorShape.of(rows, cols), rows, cols, dead, dtype);
    }

    public static TensorAudit kernel(String name, int out, int in, int height, int width) {
        return tensor(name, TensorShape.of(out, in, height, width), out, in * height * width, 0, DType.F32);
    }

    public static TensorAudit renamed(TensorAudit tensor, String name) {
        return new TensorAudit(
                name,
                tensor.shape(),
                tensor.dtype(),
                tensor.stored(),
                name,
                tensor.reason(),
                tensor.figures(),
                tensor.provenance(),
                tensor.deadInputs(),
                tensor.deadUnits(),
                tensor.lines());
    }

    private static TensorAudit tensor(String name, TensorShape shape, int rows, int cols, int dead, DType dtype) {
        long zero = (long) rows * dead;
        double spacing = dtype == DType.BF16 ? 2.44140625E-4 : 3.7e-9;
        return new TensorAudit(
                name,
                shape,
                dtype,
                StoredOrder.OUT_IN,
                name,
                "",
                figures((long) rows * cols, zero, List.of(1e-5, 5e-3, 4.0, 2e-3), 0.05, spacing),
                Optional.of(new Provenance(0.97, (long) rows * cols, 1e-200, Provenance.Verdict.MATCH)),
                OptionalLong.of(dead),
                OptionalLong.of(0),
                Optional.of(lines(rows, cols, dead)));
    }

    public static TensorAudit vector(String name, int length) {
        return new TensorAudit(
                name,
                TensorShape.of(length),
                DType.F32,
                StoredOrder.OUT_IN,
                name,
                "",
                figures(length, 0, List.of(1e-5, 0.0, 4.0, 2e-3), 0, 0),
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty());
    }

    public static TensorAudit skipped(String name, String reason) {
        return new TensorAudit(
                name,
                TensorShape.of(),
                DType.I64,
                StoredOrder.OUT_IN,
                "",
                reason,
                figures(0, 0, List.of(Double.NaN, Double.NaN, Double.NaN, Double.NaN), 0, 0),
                Optional.empty(),
                OptionalLong.empty(),
                OptionalLong.empty(),
                Optional.empty());
    }

    private static Figures figures(long elements, long zero, List<Double> limits, double std, double spacing) {
        long rest = elements - zero;
        List<Long> counts = new ArrayList<>();
        for (int k = 0; k < 22; k++) {
            counts.add(k < 21 ? rest / 22 : rest - 21 * (rest / 22));
        }
        return new Figures(
                elements,
                List.of(rest, rest / 2, rest, rest / 5),
                limits,
                zero,
                0,
                1.5e-3,
                2.5e-3,
                0.031,
                std,
                OptionalDouble.of(0.05),
                OptionalDouble.of(-0.25),
                OptionalDouble.empty(),
                rest / 100,
                rest / 3,
                rest / 2,
                List.of(new Figures.Quantile(0.5, 1.1e-3), new Figures.Quantile(0.99, 0.02)),
                new DeltaHistogram(
                        zero + counts.stream().mapToLong(Long::longValue).sum(), zero, -26, counts),
                spacing);
    }

    private static MovedLines lines(int rows, int cols, int dead) {
        SplittableRandom random = new SplittableRandom(31L * rows + cols);
        List<Double> rowMeans = random.doubles(rows).boxed().toList();
        List<Double> colMeans = IntStream.range(0, cols)
                .mapToObj(col -> col < dead ? 0.0 : random.nextDouble())
                .toList();
        int height = Math.min(rows, MovedLines.Picture.MAX_ROWS);
        int width = Math.min(cols, MovedLines.Picture.MAX_COLS);
        List<Double> cells = random.doubles((long) height * width).boxed().toList();
        return new MovedLines(
                rowMeans,
                colMeans,
                List.of(),
                IntStream.range(0, dead).boxed().toList(),
                new MovedLines.Picture(height, width, cells));
    }
}
