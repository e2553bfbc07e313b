package io.detinit.interop.djl;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What DJL's blocks write before their parameters: a version byte and metadata whose layout depends on the block. Each constant is
 * one such layout ({@code saveMetadata} and {@code saveParameters} in {@code ai.djl.nn}, 0.36.0).
 */
enum BlockRecord {
    /** Any version, input shapes: what every block writes that has no metadata of its own. */
    PLAIN("block"),
    /** SequentialBlock version 3: input shapes, a boolean. */
    SEQUENTIAL("block"),
    /** BatchNorm version 2: input shapes, the number of channels. */
    BATCH_NORM("bn"),
    /** LayerNorm: input shapes, the normalised shape. */
    LAYER_NORM("ln"),
    /** Embedding version 6: input shapes, the sparse format as an int of 0 to 3. */
    EMBEDDING("embedding"),
    /** Linear version 4: units, input features, input shape. */
    LINEAR("fc"),
    /** Linear version 3: units, a boolean, input features, input shape. */
    OLD_LINEAR("fc"),
    /** Multiplication and LinearCollection, version 1: as Linear. */
    LINEAR_LIKE("multiplication");

    private static final int MAX_INPUTS = 1024;
    private static final String LAYOUT_LETTERS = "NCDHWT?";

    private final String kind;

    BlockRecord(String kind) {
        this.kind = kind;
    }

    /** {@return how such a block is named, as {@code io.detinit.models.ParameterNames} does} */
    String kind() {
        return kind;
    }

    /**
     * Whether bytes have this layout.
     *
     * @param bytes the position at the version byte
     * @return the position after the record, empty where they have not
     */
    Optional<Integer> match(ByteBuffer bytes) {
        ByteBuffer at = bytes.duplicate();
        int version = at.hasRemaining() ? at.get() : 0;
        boolean fits = switch (this) {
            case PLAIN -> version >= 1 && shapes(at);
            case SEQUENTIAL -> version == 3 && shapes(at) && bool(at);
            case BATCH_NORM -> version == 2 && shapes(at) && size(at);
            case LAYER_NORM -> version == 1 && shapes(at) && shape(at);
            case EMBEDDING -> version == 6 && shapes(at) && sparseFormat(at);
            case LINEAR -> version == 4 && size(at) && size(at) && shape(at);
            case OLD_LINEAR -> version == 3 && size(at) && bool(at) && size(at) && shape(at);
            case LINEAR_LIKE -> version == 1 && size(at) && size(at) && shape(at);
        };
        return fits ? Optional.of(at.position()) : Optional.empty();
    }

    private static boolean shapes(ByteBuffer at) {
        if (at.remaining() < 4) {
            return false;
        }
        int count = at.getInt();
        boolean fits = count >= 0 && count <= MAX_INPUTS;
        for (int k = 0; fits && k < count; k++) {
            fits = shape(at);
        }
        return fits;
    }

    private static boolean shape(ByteBuffer at) {
        if (at.remaining() < 4) {
            return false;
        }
        int rank = at.getInt();
        if (rank < 0 || rank > DjlCursor.MAX_RANK || at.remaining() < 10 * rank + 4) {
            return false;
        }
        for (int axis = 0; axis < rank; axis++) {
            if (at.getLong() < -1) { // -1: not known when saved
                return false;
            }
        }
        if (at.getInt() != rank) {
            return false;
        }
        for (int axis = 0; axis < rank; axis++) {
            if (LAYOUT_LETTERS.indexOf(at.getChar()) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean bool(ByteBuffer at) {
        return at.hasRemaining() && (at.get() & 0xFE) == 0;
    }

    private static boolean size(ByteBuffer at) {
        return at.remaining() >= 8 && at.getLong() >= 0;
    }

    private static boolean sparseFormat(ByteBuffer at) {
        return at.remaining() >= 4 && (at.getInt() & ~3) == 0;
    }
}
