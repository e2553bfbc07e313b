package io.detinit.interop.numpy;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A tensor whose numbers are stored with their highest byte first, row by row.
 *
 * <p>Safe for use by many threads while the source is open.
 *
 * @param info what it is
 * @param bytes its elements and nothing else
 * @param numberBytes bytes of one number
 * @param location where they lie, for people
 */
record BigEndianTensor(TensorInfo info, ByteSource bytes, int numberBytes, String location) implements TensorView {

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        ByteSwap.read(bytes::read, numberBytes, position, destination);
    }
}
