package io.detinit.interop.transfer;

import io.detinit.generator.TensorShape;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds weights that an exporter split, joined or reordered row by row: the gates of ONNX's LSTM and GRU, the three projections
 * of an attention. Rows are known by 64-bit hashes of their float32 bits; all-zero rows are nobody's, and lose nothing to a mask.
 */
final class RowIndex {

    private static final int LEAST_COLS = 2;
    private static final int MOST_COLS = 1 << 22;
    private static final long MOST_ROWS = 1 << 22;

    private final Map<Key, Row> rows = new HashMap<>();
    private final Map<String, Integer> nonZero = new HashMap<>();
    private final Set<Integer> widths = new HashSet<>();
    private long indexed;

    private record Key(int cols, long hash) {}

    /** A row of a source; of rows that are the same the first, unless their masks differ. */
    private record Row(Source source, int row, boolean ambiguous) {}

    /** What became of a parameter of the receiving file: where each of its rows comes from; null for a row of zeros. */
    record Assembled(Parameter target, boolean transposed, TensorShape matrix, List<@Nullable Place> places) {

        Assembled {
            places = java.util.Collections.unmodifiableList(new ArrayList<>(places));
        }

        /** The mask in the order in which the receiving file keeps the parameter. */
        Mask mask() {
            long cols = matrix.dim(1);
            Mask upright = Mask.of(matrix, element -> {
                Place place = places.get((int) (element / cols));
                Mask mask = place == null ? null : place.source().mask();
                return mask == null || place == null || mask.keeps(place.row() * cols + element % cols);
            });
            if (transposed) {
                return upright.transposed();
            }
            TensorShape stored = target.stored().info().shape();
            return stored.equals(matrix) ? upright : Mask.of(stored, upright::keeps);
        }
    }

    /** A row of a source. */
    record Place(Source source, long row) {}

    RowIndex(List<Source> sources) throws IOException {
        for (Source source : sources) {
            if (source.shape().rank() == 2 && fits(source.shape())) {
                index(source);
            }
        }
    }

    private boolean fits(TensorShape matrix) {
        return matrix.dim(1) >= LEAST_COLS && matrix.dim(1) <= MOST_COLS && indexed + matrix.dim(0) <= MOST_ROWS;
    }

    private void index(Source source) throws IOException {
        int cols = (int) source.shape().dim(1);
        indexed += source.shape().dim(0);
        widths.add(cols);
        float[] values = new float[cols];
        for (int row = 0; row < source.shape().dim(0); row++) {
            source.stored().readFloats((long) row * cols, values, 0, cols);
            Row here = new Row(source, row, false);
            if (!isZero(values)) {
                nonZero.merge(source.name(), 1, Integer::sum);
                rows.merge(
                        new Key(cols, hash(values)),
                        here,
                        (first, second) ->
                                sameMask(first, second, cols) ? first : new Row(first.source(), first.row(), true));
            }
        }
    }

    private static boolean sameMask(Row first, Row second, int cols) {
        for (int col = 0; col < cols; col++) {
            if (keeps(first, cols, col) != keeps(second, cols, col)) {
                return false;
            }
        }
        return !first.ambiguous();
    }

    private static boolean keeps(Row row, int cols, int col) {
        Mask mask = row.source().mask();
        return mask == null || mask.keeps((long) row.row() * cols + col);
    }

    /** A parameter all of whose rows are rows of sources; empty where some are not, or more than one row could be theirs. */
    Optional<Assembled> assemble(Parameter target) throws IOException {
        TensorShape stored = target.stored().info().shape();
        if (stored.rank() == 3) {
            TensorShape matrix = TensorShape.of(stored.dim(0) * stored.dim(1), stored.dim(2));
            return assemble(target, target.stored(), matrix, false);
        }
        if (stored.rank() != 2) {
            return Optional.empty();
        }
        Optional<Assembled> upright = assemble(target, target.stored(), stored, false);
        return upright.isPresent()
                ? upright
                : assemble(
                        target,
                        new TransposedTensor(target.stored()),
                        TensorShape.of(stored.dim(1), stored.dim(0)),
                        true);
    }

    private Optional<Assembled> assemble(Parameter target, TensorView view, TensorShape matrix, boolean transposed)
            throws IOException {
        if (matrix.dim(0) > MOST_ROWS || matrix.dim(1) > MOST_COLS || !widths.contains((int) matrix.dim(1))) {
            return Optional.empty();
        }
        int cols = (int) matrix.dim(1);
        float[] values = new float[cols];
        List<@Nullable Place> places = new ArrayList<>();
        boolean any = false;
        for (int row = 0; row < matrix.dim(0); row++) {
            view.readFloats((long) row * cols, values, 0, cols);
            Row found = rows.get(new Key(cols, hash(values)));
            boolean zero = isZero(values);
            if (!zero && (found == null || found.ambiguous())) {
                return Optional.empty();
            }
            any |= !zero;
            places.add(zero || found == null ? null : new Place(found.source(), found.row()));
        }
        return any ? Optional.of(new Assembled(target, transposed, matrix, places)) : Optional.empty();
    }

    /** How many rows of a source are not all zero; 0 where it was not indexed. */
    int rowsOf(Source source) {
        return nonZero.getOrDefault(source.name(), 0);
    }

    private static boolean isZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static long hash(float[] values) {
        long hash = 0x9E3779B97F4A7C15L * values.length;
        for (float value : values) {
            hash = (hash ^ Float.floatToRawIntBits(value == 0 ? 0f : value)) * 0xBF58476D1CE4E5B9L;
            hash ^= hash >>> 29;
        }
        return hash;
    }
}
