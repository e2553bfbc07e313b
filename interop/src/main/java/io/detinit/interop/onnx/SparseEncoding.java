package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.util.ArrayList;
import java.util.List;

/**
 * The elements of a tensor that are not all zero bits in the one form that every reader takes: linear ascending INT64 indices
 * in {@code raw_data}, there also where they are empty.
 */
final class SparseEncoding {

    private SparseEncoding() {}

    /** The fields dims and raw_data of the values. */
    static List<Piece> values(TensorView tensor, long count) {
        List<Piece> fields = new ArrayList<>();
        fields.add(Piece.number(TensorField.DIMS, count));
        elements(fields, tensor, count, false);
        return fields;
    }

    /** The field indices of a SparseTensorProto. */
    static List<Piece> indices(TensorView tensor, long count) {
        List<Piece> fields = new ArrayList<>();
        fields.add(Piece.number(TensorField.DIMS, count));
        fields.add(Piece.number(TensorField.DATA_TYPE, OnnxType.INT64.number()));
        elements(fields, tensor, count, true);
        return message(ModelField.SPARSE_INDICES, fields);
    }

    private static void elements(List<Piece> fields, TensorView tensor, long count, boolean positions) {
        if (count > 0) {
            Piece piece = new Piece.NonZero(tensor, count, positions);
            fields.add(Piece.header(TensorField.RAW_DATA, piece.length()));
            fields.add(piece);
        }
    }

    /** A message's fields as a field of another message. */
    static List<Piece> message(int field, List<Piece> fields) {
        List<Piece> message = new ArrayList<>(fields.size() + 1);
        message.add(Piece.header(field, Piece.length(fields)));
        message.addAll(fields);
        return message;
    }
}
