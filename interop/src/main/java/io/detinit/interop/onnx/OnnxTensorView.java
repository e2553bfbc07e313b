package io.detinit.interop.onnx;

import io.detinit.interop.file.PositionedRead;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An initializer's elements, read from the open file; those of a typed field are decoded at the first read and kept. */
final class OnnxTensorView implements TensorView {

    private final Path path;
    private final FileChannel channel;
    private final long fileSize;
    private final GraphInitializer initializer;
    private final TensorInfo info;
    private @Nullable ByteBuffer decoded;

    OnnxTensorView(Path path, FileChannel channel, long fileSize, GraphInitializer initializer, TensorInfo info) {
        this.path = path;
        this.channel = channel;
        this.fileSize = fileSize;
        this.initializer = initializer;
        this.info = info;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public void readBytes(long position, ByteBuffer destination) throws IOException {
        Objects.checkFromIndexSize(position, destination.remaining(), info.bytes());
        if (initializer.dataFrom() >= 0) {
            PositionedRead.fully(channel, path, initializer.dataFrom() + position, destination);
        } else {
            destination.put(decoded().slice(Math.toIntExact(position), destination.remaining()));
        }
    }

    private synchronized ByteBuffer decoded() throws IOException {
        ByteBuffer bytes = decoded;
        if (bytes == null) {
            bytes = TypedData.decode(
                    new FileWindow(path, channel, fileSize),
                    initializer.location(),
                    initializer.type(),
                    Math.toIntExact(info.bytes()));
            decoded = bytes;
        }
        return bytes;
    }
}
