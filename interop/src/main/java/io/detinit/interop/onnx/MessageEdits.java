package io.detinit.interop.onnx;

import io.detinit.interop.file.ByteSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Changes to messages of a model file. Every message with a change in it gets a new length; all other bytes are copied.
 */
final class MessageEdits {

    /** A range of a message, replaced by pieces or, where it is a message itself, by its edited form. */
    private record Edit(long from, long to, List<Piece> pieces, List<Frame> child) {}

    private final ByteSource source;
    private final Map<Long, List<Edit>> edits = new HashMap<>();

    MessageEdits(ByteSource source) {
        this.source = source;
    }

    /** Replaces a range of whole fields of a message. */
    void replace(Frame message, long from, long to, List<Piece> pieces) {
        of(message).add(new Edit(from, to, pieces, List.of()));
    }

    /** Adds fields at the end of a message. */
    void append(Frame message, List<Piece> pieces) {
        replace(message, message.to(), message.to(), pieces);
    }

    /** Removes the fields of a message whose numbers are given. */
    void remove(FileWindow file, Frame message, IntPredicate fields) throws IOException {
        WireCursor cursor = WireCursor.over(file, "message", message);
        while (cursor.next()) {
            if (fields.test(cursor.field())) {
                replace(message, cursor.fieldStart(), cursor.fieldEnd(), List.of());
            }
        }
    }

    private List<Edit> of(Frame message) {
        List<Edit> found = edits.get(message.fieldStart());
        if (found == null) {
            found = new ArrayList<>();
            edits.put(message.fieldStart(), found);
            if (message.parent() != null) {
                of(message.parent()).add(new Edit(message.fieldStart(), message.to(), List.of(), List.of(message)));
            }
        }
        return found;
    }

    /** A message after its changes. */
    List<Piece> build(Frame message) {
        List<Edit> all = new ArrayList<>(edits.getOrDefault(message.fieldStart(), List.of()));
        all.sort(Comparator.comparingLong(Edit::from)); // stable: what is added at one place keeps its order
        List<Piece> pieces = new ArrayList<>();
        long at = message.from();
        for (Edit edit : all) {
            copy(pieces, at, edit.from());
            pieces.addAll(edit.pieces());
            for (Frame child : edit.child()) {
                List<Piece> inside = build(child);
                pieces.add(Piece.header(child.field(), Piece.length(inside)));
                pieces.addAll(inside);
            }
            at = Math.max(at, edit.to()); // what is added where a removed range begins comes after it
        }
        copy(pieces, at, message.to());
        return pieces;
    }

    private void copy(List<Piece> pieces, long from, long to) {
        if (to > from) {
            pieces.add(new Piece.Range(source, from, to));
        }
    }
}
