package io.detinit.cli;

import java.util.Arrays;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/** Singular values, by EJML. */
final class SingularValues {

    private SingularValues() {}

    /**
     * The singular values of a matrix.
     *
     * @param values row-major
     * @param rows the rows
     * @param cols the columns
     * @return min(rows, cols) values in descending order
     */
    static double[] of(float[] values, int rows, int cols) {
        DMatrixRMaj matrix = new DMatrixRMaj(rows, cols);
        for (int k = 0; k < values.length; k++) {
            matrix.data[k] = values[k];
        }
        SingularValueDecomposition_F64<DMatrixRMaj> svd = DecompositionFactory_DDRM.svd(rows, cols, false, false, true);
        if (!svd.decompose(matrix)) {
            throw new IllegalStateException("the singular values of " + rows + " x " + cols + " did not converge");
        }
        double[] ascending = Arrays.copyOf(svd.getSingularValues(), svd.numberOfSingularValues());
        Arrays.sort(ascending);
        double[] descending = new double[ascending.length];
        for (int k = 0; k < descending.length; k++) {
            descending[k] = ascending[ascending.length - 1 - k];
        }
        return descending;
    }
}
