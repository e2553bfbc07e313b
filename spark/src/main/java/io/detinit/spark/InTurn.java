package io.detinit.spark;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Tensors that are read one after the other: the buffers of one are made when its first bytes are asked for, and dropped when those of
 * two others are (two that are tied are compared), so that memory does not grow with the number of tensors. Not thread-safe.
 */
final class InTurn {

    /** How many tensors are in memory at once. */
    private static final int KEPT = 2;

    private final ArrayDeque<Turn<?>> last = new ArrayDeque<>();

    /** Makes a tensor that can be read. */
    @FunctionalInterface
    interface Maker<T extends TensorView> {
        T make() throws IOException;
    }

    /**
     * A tensor.
     *
     * @param info what it is
     * @param maker makes it for its turn
     * @param count what is asked of it after its turn
     */
    <T extends TensorView> Turn<T> tensor(TensorInfo info, Maker<T> maker, ToLongFunction<T> count) {
        return new Turn<>(info, maker, count);
    }

    /** A tensor that is in memory only during its turn. */
    final class Turn<T extends TensorView> implements TensorView {

        private final TensorInfo info;
        private final Maker<T> maker;
        private final ToLongFunction<T> count;
        private @Nullable T made;
        private long counted;

        private Turn(TensorInfo info, Maker<T> maker, ToLongFunction<T> count) {
            this.info = info;
            this.maker = maker;
            this.count = count;
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            T tensor = made;
            if (tensor == null) {
                if (last.size() == KEPT) {
                    last.remove().end();
                }
                tensor = maker.make();
                made = tensor;
                last.add(this);
            }
            tensor.readBytes(position, destination);
        }

        /** What was counted in its turn; 0 if it had none. */
        long counted() {
            end();
            return counted;
        }

        private void end() {
            if (made != null) {
                counted = count.applyAsLong(made);
                made = null;
            }
        }
    }
}
