package io.detinit.interop.audit;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was found in consecutive chunks of one tensor, small enough to be sent: integers are summed up, and of every 65,536 elements
 * there are seven float64 sums, which the receiver adds in the order of the elements. So the figures are the same bits however the
 * chunks were divided.
 *
 * <p>Its size in bytes is about 56 for each 65,536 elements, 8 for each 64 rows and each 64 columns it touches, and the part of a
 * histogram; with lines also 8 for each row that each 65,536 elements touch; with columns and pictures, of k times 65,536 elements about
 * log2(k) times 8 for each column and 768 for each of at most 48 rows of cells. Not thread-safe while chunks are added.
 */
public final class PartialAudit implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final int SUMS = 7;

    private final int tensor;
    private final long firstChunk;
    private final long[] moved;
    private final LineMarks marks;
    private BandSums counts = BandSums.NONE;
    private DeltaBins.Run bins = DeltaBins.Run.NONE;
    private double[] sums = new double[0];
    private int bands;
    private double[] rows = new double[0];
    private int rowCount;
    private final PictureTree pictures = new PictureTree();

    PartialAudit(int tensor, long firstChunk, int thresholds, LineMarks marks) {
        this.tensor = tensor;
        this.firstChunk = firstChunk;
        this.moved = new long[thresholds];
        this.marks = marks;
    }

    /** Adds the next chunk. */
    void add(ChunkAudit chunk) {
        for (BandSums band : chunk.bands()) {
            counts = counts.plus(band.withoutSums());
            if ((bands + 1) * SUMS > sums.length) {
                sums = Arrays.copyOf(sums, Math.max(SUMS * Auditor.BANDS, 2 * sums.length));
            }
            band.sums(sums, SUMS * bands++);
        }
        for (int t = 0; t < moved.length; t++) {
            moved[t] += chunk.moved().get(t);
        }
        for (LineSums band : chunk.lines()) {
            double[] more = band.rowSums();
            if (rowCount + more.length > rows.length) {
                rows = Arrays.copyOf(rows, Math.max(rowCount + more.length, 2 * rows.length));
            }
            System.arraycopy(more, 0, rows, rowCount, more.length);
            rowCount += more.length;
            band.picture().ifPresent(pictures::add);
        }
        bins = bins.plus(chunk.bins());
        marks.add(chunk.marks());
    }

    /** Without room for more. */
    PartialAudit finished() {
        sums = Arrays.copyOf(sums, SUMS * bands);
        rows = Arrays.copyOf(rows, rowCount);
        return this;
    }

    /** {@return which tensor, counted among the audited ones} */
    public int tensor() {
        return tensor;
    }

    /** {@return its first chunk, counted in the tensor} */
    public long firstChunk() {
        return firstChunk;
    }

    /** {@return how many elements it is about} */
    public long elements() {
        return counts.elements();
    }

    /** The bands in order; the first one has the counts of all. */
    List<BandSums> bands() {
        List<BandSums> all = new ArrayList<>();
        for (int band = 0; band < bands; band++) {
            all.add((band == 0 ? counts : BandSums.NONE).withSums(sums, SUMS * band));
        }
        return all;
    }

    /** The sums of |w - w0| over the rows of each band, one band after the other; none where nobody asked. */
    double[] rows() {
        return rows;
    }

    /** The sums over columns and cells, in the order of the bands; none where nobody asked. */
    List<PictureSums> pictures() {
        return pictures.sums();
    }

    List<Long> moved() {
        return Arrays.stream(moved).boxed().toList();
    }

    DeltaBins.Run bins() {
        return bins;
    }

    LineMarks marks() {
        return marks;
    }
}
