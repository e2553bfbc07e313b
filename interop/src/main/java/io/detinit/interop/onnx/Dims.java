package io.detinit.interop.onnx;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.Arrays;

/** Collects the {@code dims} of a TensorProto or SparseTensorProto, packed or not. */
final class Dims {

    private static final int MAX_RANK = 255;

    private final FileWindow file;
    private final String label;
    private long[] dims = new long[8];
    private int rank;

    Dims(FileWindow file, String label) {
        this.file = file;
        this.label = label;
    }

    void accept(WireCursor fields) throws IOException {
        if (fields.wireType() == WireCursor.BYTES) {
            WireCursor packed = new WireCursor(file, label + ", dims", fields.valueStart(), fields.fieldEnd());
            while (!packed.atEnd()) {
                add(packed.varint(), fields.fieldStart());
            }
        } else {
            add(fields.number("dims"), fields.fieldStart());
        }
    }

    private void add(long dim, long position) throws MalformedFileException {
        if (dim < 0) {
            throw file.malformed(label + ", dims", position, Long.toString(dim), "an axis length >= 0");
        }
        if (rank == MAX_RANK) {
            throw file.malformed(label + ", dims", position, "more than " + MAX_RANK + " axes", "fewer");
        }
        if (rank == dims.length) {
            dims = Arrays.copyOf(dims, MAX_RANK);
        }
        dims[rank++] = dim;
    }

    TensorShape shape(long position) throws MalformedFileException {
        long[] all = Arrays.copyOf(dims, rank);
        try {
            return TensorShape.of(all);
        } catch (IllegalArgumentException e) {
            MalformedFileException malformed =
                    file.malformed(label + ", dims", position, Arrays.toString(all), "fewer elements");
            malformed.initCause(e);
            throw malformed;
        }
    }
}
