package io.detinit.interop.onnx;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The elements of a typed field, decoded when first read and kept. Safe for use by many threads. */
final class DenseTensor implements TensorView {

    private final ByteSource file;
    private final TensorInfo info;
    private final TypedField field;
    private @Nullable ByteBuffer decoded;

    private DenseTensor(ByteSource file, TensorInfo info, TypedField field) {
        this.file = file;
        this.info = info;
        this.field = field;
    }

    /** A view of a dense tensor; without a copy where its elements lie in a file as little-endian bytes. */
    static TensorView view(ByteSource model, TensorInfo info, Storage.Dense dense) {
        Storage.Elements elements = dense.elements();
        if (elements instanceof Storage.Typed typed) {
            return new DenseTensor(model, info, typed.field());
        }
        if (elements instanceof Storage.External external) {
            FileTensor tensor = FileTensor.in(info, external.file(), external.offset());
            return new FileTensor(
                    info, tensor.bytes(), external.file().path().getFileName() + ", " + tensor.location());
        }
        Storage.InPlace place = (Storage.InPlace) elements;
        return FileTensor.in(info, model, info.bytes() == 0 ? 0 : place.from());
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        destination.put(view(position, destination.remaining()));
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        Objects.checkFromIndexSize(position, length, info.bytes());
        return decoded()
                .asReadOnlyBuffer()
                .slice(Math.toIntExact(position), length)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String location() {
        return "byte " + field.frame().from() + ", " + field.fieldName();
    }

    private synchronized ByteBuffer decoded() throws IOException {
        ByteBuffer bytes = decoded;
        if (bytes == null) {
            bytes = field.decode(new FileWindow(file), Math.toIntExact(info.bytes()));
            decoded = bytes;
        }
        return bytes;
    }
}
