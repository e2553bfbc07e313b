package io.detinit.interop.numpy;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One array: what an {@code .npy} file or a member of an {@code .npz} holds.
 *
 * <p>Safe for use by many threads while the source is open.
 *
 * @param header its header
 * @param source all its bytes, header included
 */
record NpyArray(NpyHeader header, ByteSource source) {

    /**
     * Reads the header.
     *
     * @param source the whole file or member
     * @return the array
     * @throws MalformedFileException if a rule of the format is broken or the type is not supported
     * @throws IOException if reading fails
     */
    static NpyArray read(ByteSource source) throws IOException {
        return new NpyArray(NpyHeader.read(source), source);
    }

    /**
     * The elements, row by row and little-endian however they are stored.
     *
     * @param name the tensor's name
     * @return the tensor
     */
    TensorView tensor(String name) {
        NpyType type = header.type();
        TensorInfo info = new TensorInfo(name, type.dtype(), header.shape(), TensorKinds.of(name, type.dtype()));
        if (header.isRowMajor() && !type.bigEndian()) {
            return FileTensor.in(info, source, header.bytes());
        }
        ByteSource elements = source.part(source.name(), header.bytes(), info.bytes());
        if (header.isRowMajor()) {
            String location = "byte " + elements.filePosition(0) + ", big-endian";
            return new BigEndianTensor(info, elements, type.numberBytes(), location);
        }
        return new FortranTensor(info, elements, type);
    }

    /**
     * The bytes of this array with other elements: the same header and byte order, except that elements stored with their first
     * axis fastest become row-major.
     *
     * @param elements of the same dtype and shape
     * @return what to write
     * @throws IOException if the header cannot be read
     */
    NpyContent with(TensorView elements) throws IOException {
        byte[] start = header.isRowMajor()
                ? source.part(source.name(), 0, header.bytes()).readAll(header.bytes())
                : header.rowMajor();
        return new NpyContent(ByteBuffer.wrap(start), elements, header.type());
    }
}
