package io.detinit.interop.onnx;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Tells ONNX models from other files by their top-level fields. */
final class OnnxProbe {

    private static final int MAX_IR_VERSION = 255;

    private OnnxProbe() {}

    /** Walks the whole top level; the values of its fields are not read. */
    static boolean matches(FileWindow file) throws IOException {
        boolean graph = false;
        boolean version = false;
        try {
            WireCursor model = new WireCursor(file, "model", 0, file.size());
            while (model.next()) {
                if (!ModelField.isKnown(model.field()) || model.wireType() != ModelField.wireType(model.field())) {
                    return false;
                }
                if (model.field() == ModelField.IR_VERSION) {
                    long number = model.number("ir_version");
                    version = number >= 1 && number <= MAX_IR_VERSION;
                }
                graph |= model.field() == ModelField.GRAPH;
            }
        } catch (MalformedFileException e) {
            return false;
        }
        return graph && version;
    }

    /** As far as the prefix reaches. */
    static boolean matches(ByteBuffer prefix, long fileSize) {
        boolean sure = false;
        long at = 0;
        while (at < prefix.limit()) {
            int tag = prefix.get((int) at) & 0xFF;
            long position = at + 1;
            if (tag >= 0x80) { // fields 16 and up have a second byte
                if (position == prefix.limit()) {
                    return sure;
                }
                int high = prefix.get((int) position++) & 0xFF;
                if (high >= 0x80) {
                    return false;
                }
                tag = (tag & 0x7F) | (high << 7);
            }
            int field = tag >>> 3;
            if (!ModelField.isKnown(field) || (tag & 7) != ModelField.wireType(field)) {
                return false;
            }
            long value = 0;
            int shift = 0;
            boolean more = true;
            while (more) {
                if (position == prefix.limit()) {
                    return sure;
                }
                int octet = prefix.get((int) position++) & 0xFF;
                value |= (octet & 0x7FL) << shift;
                more = octet >= 0x80;
                shift += 7;
                if (more && shift > 63) {
                    return false;
                }
            }
            if (field == ModelField.IR_VERSION && (value < 1 || value > MAX_IR_VERSION)) {
                return false;
            }
            if ((tag & 7) == WireCursor.BYTES) {
                if (value < 0 || value > fileSize - position) {
                    return false;
                }
                position += value;
            }
            sure |= field == ModelField.IR_VERSION || field == ModelField.GRAPH;
            at = position;
        }
        return sure;
    }
}
