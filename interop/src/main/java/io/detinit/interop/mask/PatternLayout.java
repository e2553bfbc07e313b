package io.detinit.interop.mask;

import io.detinit.generator.TensorShape;

/**
 * How a parameter is cut into pieces that hold whole groups of a pattern. A row is the weights of one output: its inputs, each with
 * the places of a kernel. A band is as many inputs of a row as a group has.
 *
 * @param rows outputs
 * @param inputs inputs of a row
 * @param places places of the kernel, 1 for a matrix
 * @param group the size of a group
 */
record PatternLayout(long rows, long inputs, long places, int group) {

    /**
     * Weights that one worker takes at once. They are read in runs and lie beside one another in memory as {@code rows} times
     * {@code inputs} times {@code stride}.
     *
     * @param from the first weight of the first run
     * @param runs how many runs there are
     * @param runStep from one run to the next
     * @param runLength weights of a run
     * @param rows rows of the piece
     * @param inputs inputs of a row of the piece
     * @param stride from one input to the next in memory
     * @param places places of the kernel, at most {@code stride}
     */
    record Piece(long from, int runs, long runStep, int runLength, int rows, int inputs, int stride, int places) {}

    static PatternLayout of(TensorShape shape, int group) {
        long places = 1;
        for (int axis = 2; axis < shape.rank(); axis++) {
            places *= shape.dim(axis);
        }
        return new PatternLayout(shape.dim(0), shape.dim(1), places, group);
    }

    /** Of a matrix that lies inputs first: a single row whose kernel has the outputs as its places. */
    static PatternLayout of(Prunable one, int group) {
        TensorShape shape = one.tensor().info().shape();
        return one.turned() ? new PatternLayout(1, shape.dim(0), shape.dim(1), group) : of(shape, group);
    }

    /**
     * Pieces whose weights lie together and begin where the ones before end.
     *
     * @param from the first weight
     * @param length how many weights
     * @param first the first piece
     * @param pieces how many pieces
     */
    record Block(long from, long length, long first, long pieces) {}

    /** The block that holds a weight. */
    Block block(long element) {
        if (row() <= ScoreChunk.SIZE) {
            long number = element / (rowsAtOnce() * row());
            long first = number * rowsAtOnce();
            return new Block(first * row(), Math.min(rowsAtOnce(), rows - first) * row(), number, 1);
        }
        long row = element / row();
        boolean whole = band() <= ScoreChunk.SIZE;
        long width = whole ? inputsAtOnce() : group;
        long inRow = element % row() / (width * places);
        long length = Math.min(width, inputs - inRow * width) * places;
        long number = row * parts(inputs, width) + inRow;
        long pieces = whole ? 1 : parts(places, placesAtOnce());
        return new Block(row * row() + inRow * width * places, length, number * pieces, pieces);
    }

    int pieces() {
        if (rows * inputs * places == 0) {
            return 0;
        }
        if (row() <= ScoreChunk.SIZE) {
            return Math.toIntExact(parts(rows, rowsAtOnce()));
        }
        if (band() <= ScoreChunk.SIZE) {
            return Math.toIntExact(rows * parts(inputs, inputsAtOnce()));
        }
        return Math.toIntExact(rows * parts(inputs, group) * parts(places, placesAtOnce()));
    }

    Piece piece(long number) {
        if (row() <= ScoreChunk.SIZE) {
            long first = number * rowsAtOnce();
            int count = (int) Math.min(rowsAtOnce(), rows - first);
            return together(first * row(), count, (int) inputs);
        }
        if (band() <= ScoreChunk.SIZE) {
            long parts = parts(inputs, inputsAtOnce());
            long first = number % parts * inputsAtOnce();
            int count = (int) Math.min(inputsAtOnce(), inputs - first);
            return together(number / parts * row() + first * places, 1, count);
        }
        return part(number);
    }

    private Piece together(long from, int count, int width) {
        int stride = (int) places;
        return new Piece(from, 1, 0, count * width * stride, count, width, stride, stride);
    }

    /** Some places of one band, one run for each input. */
    private Piece part(long number) {
        long parts = parts(places, placesAtOnce());
        long bands = parts(inputs, group);
        long place = number % parts * placesAtOnce();
        long input = number / parts % bands * group;
        int members = (int) Math.min(group, inputs - input);
        int length = (int) Math.min(placesAtOnce(), places - place);
        long from = number / parts / bands * row() + input * places + place;
        return new Piece(from, members, places, length, 1, members, placesAtOnce(), length);
    }

    private long row() {
        return inputs * places;
    }

    private long band() {
        return group * places;
    }

    private long rowsAtOnce() {
        return ScoreChunk.SIZE / row();
    }

    private long inputsAtOnce() {
        return ScoreChunk.SIZE / band() * group;
    }

    /** A multiple of 64, so that runs begin with a word of bits. */
    private int placesAtOnce() {
        return ScoreChunk.SIZE / group / Long.SIZE * Long.SIZE;
    }

    private static long parts(long all, long each) {
        return (all + each - 1) / each;
    }
}
