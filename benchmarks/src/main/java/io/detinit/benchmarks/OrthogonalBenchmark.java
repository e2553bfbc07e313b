package io.detinit.benchmarks;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import java.util.concurrent.TimeUnit;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.QRDecomposition;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** An orthogonal matrix of 1024 x 1024 on all cores. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 2,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class OrthogonalBenchmark {

    private static final int SIDE = 1024;

    private DMatrixRMaj normals = new DMatrixRMaj(SIDE, SIDE);
    private DMatrixRMaj copy = new DMatrixRMaj(SIDE, SIDE);

    /** The gate: the peer's Q, its columns' signs made ours, is the same within 1e-6. */
    @Setup(Level.Trial)
    public void check() {
        TensorInit plain = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.custom(1));
        for (int k = 0; k < SIDE * SIDE; k++) {
            normals.data[k] = plain.weightAsDouble(k / SIDE, k % SIDE);
        }
        TensorInit ours = TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.orthogonal(Scheme.custom(1.0 / Math.sqrt(SIDE))));
        DMatrixRMaj q = ejml();
        for (int j = 0; j < SIDE; j++) {
            double sign = Math.signum(q.get(0, j) * ours.weightAsDouble(0, j));
            for (int i = 0; i < SIDE; i++) {
                double difference = Math.abs(sign * q.get(i, j) - ours.weightAsDouble(i, j));
                if (!(difference < 1e-6)) {
                    throw new IllegalStateException("Q(" + i + ", " + j + ") differs by " + difference);
                }
            }
        }
    }

    /** {@return the weights: normals, our QR, and their rounding} */
    @Benchmark
    public float[] orthogonal() {
        return TensorInit.matrix(42, 0, SIDE, SIDE, Scheme.ORTHOGONAL).toArray();
    }

    /** {@return Q of the same normals, by EJML (Householder, one thread)} */
    @Benchmark
    public DMatrixRMaj ejml() {
        copy.setTo(normals);
        QRDecomposition<DMatrixRMaj> qr = DecompositionFactory_DDRM.qr(SIDE, SIDE);
        if (!qr.decompose(copy)) {
            throw new IllegalStateException("EJML gave up");
        }
        return qr.getQ(null, true);
    }
}
