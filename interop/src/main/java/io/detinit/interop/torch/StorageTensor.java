package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.StoredPiece;
import io.detinit.interop.tensor.StridedBox;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * A tensor that is a view of a storage: elements are gathered by its strides, brought to little-endian, and negated or
 * conjugated where the view says so. One that lies together is read without a copy.
 */
final class StorageTensor implements TensorView {

    private final TensorInfo info;
    private final StorageView view;

    StorageTensor(TensorInfo info, StorageView view) {
        this.info = info;
        this.view = view;
    }

    /** How it lies in its storage. */
    StorageView storageView() {
        return view;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public String location() {
        ByteSource bytes = view.storage().bytes();
        return "storage " + view.storage().key() + ", byte "
                + (bytes.filePosition(0) + view.offset() * info.dtype().bytes());
    }

    /** Where the elements lie in the file of their storage. */
    StridedBox box() {
        long first = view.storage()
                .bytes()
                .originPosition(view.offset() * info.dtype().bytes());
        return new StridedBox(first, view.form(), new long[view.sizes().length], view.sizes(), view.strides());
    }

    @Override
    public List<StoredPiece> pieces() {
        return view.elements() == 0
                ? List.of()
                : List.of(new StoredPiece(view.storage().bytes().origin(), box()));
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        if (view.plain()) {
            view.storage().bytes().read(view.offset() * info.dtype().bytes() + position, destination);
        } else if (destination.hasRemaining()) {
            gather(position, destination);
        }
    }

    @Override
    public ByteBuffer view(long position, int length) throws IOException {
        if (view.plain()) {
            Objects.checkFromIndexSize(position, length, info.bytes());
            return view.storage().bytes().view(view.offset() * info.dtype().bytes() + position, length);
        }
        return TensorView.super.view(position, length);
    }

    /** Whole elements that cover the range, of which the range is copied. */
    private void gather(long position, ByteBuffer destination) throws IOException {
        int size = info.dtype().bytes();
        long first = position / size;
        int skip = (int) (position % size);
        int count = Math.toIntExact((skip + (long) destination.remaining() + size - 1) / size);
        byte[] elements = new byte[Math.multiplyExact(count, size)];
        new Gathering(view, size).read(first, count, elements);
        view.form().toValues(info.dtype(), elements);
        destination.put(elements, skip, destination.remaining());
    }

    /** Walks over a view's elements in row-major order and copies each from the storage. */
    private static final class Gathering {

        private static final int WINDOW = 1 << 16;

        private final StorageView view;
        private final int size;
        private ByteBuffer window = ByteBuffer.allocate(0);
        private long windowFrom;

        Gathering(StorageView view, int size) {
            this.view = view;
            this.size = size;
        }

        void read(long first, int count, byte[] out) throws IOException {
            long[] sizes = view.sizes();
            long[] index = new long[sizes.length];
            long rest = first;
            long at = view.offset();
            for (int axis = sizes.length - 1; axis >= 0; axis--) {
                index[axis] = rest % sizes[axis];
                rest /= sizes[axis];
                at += index[axis] * view.strides()[axis];
            }
            for (int k = 0; k < count; k++) {
                copy(at * size, out, k * size);
                for (int axis = sizes.length - 1; axis >= 0; axis--) {
                    at += view.strides()[axis];
                    if (++index[axis] < sizes[axis]) {
                        break;
                    }
                    at -= sizes[axis] * view.strides()[axis];
                    index[axis] = 0;
                }
            }
        }

        private void copy(long from, byte[] out, int at) throws IOException {
            long offset = from - windowFrom;
            if (offset < 0 || offset + size > window.limit()) {
                ByteSource bytes = view.storage().bytes();
                window = bytes.view(from, (int) Math.min(WINDOW, bytes.size() - from))
                        .order(ByteOrder.LITTLE_ENDIAN);
                windowFrom = from;
                offset = 0;
            }
            window.get((int) offset, out, at, size);
        }
    }
}
