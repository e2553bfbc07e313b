package io.detinit.interop.torch;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes new files as {@code torch.save} writes a state dict since 1.6: a zip with {@code data.pkl} (pickle protocol 2, an
 * {@code OrderedDict} of contiguous tensors on the CPU), {@code byteorder}, one record {@code data/N} for each storage, aligned to
 * 64 bytes, and {@code version}. {@code torch.load(weights_only=True)} takes them.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class TorchStateDictWriter {

    private static final String ROOT = "archive/";
    private static final String OWN = "detinit.";
    private static final int CHUNK = 1 << 20;

    private TorchStateDictWriter() {}

    /**
     * Writes a file, whole or not at all.
     *
     * @param target the file to appear; an existing one is replaced
     * @param tensors in the order of the state dict
     * @param tied tensors that share the storage of an earlier one of the same dtype and shape, with its name
     * @param metadata entries {@code detinit.NAME}, kept as records {@code detinit/NAME.json}; others have no place and are left out
     * @throws IOException if reading a tensor or writing fails
     * @throws IllegalArgumentException if a name is given twice, or PyTorch has no storage class of a dtype
     */
    public static void write(
            Path target, List<? extends TensorView> tensors, Map<String, String> tied, Map<String, String> metadata)
            throws IOException {
        Map<String, Integer> storages = storages(tensors, tied);
        byte[] pickle = pickle(tensors, storages);
        AtomicFile.write(target, channel -> {
            ZipWriter writer = new ZipWriter(channel);
            writer.store(ROOT + "data.pkl", pickle);
            writer.store(ROOT + "byteorder", "little".getBytes(StandardCharsets.US_ASCII));
            Set<Integer> written = new HashSet<>();
            for (TensorView tensor : tensors) {
                Integer key = storages.get(tensor.info().name());
                if (written.add(key)) {
                    writer.store(ROOT + "data/" + key, tensor.info().bytes(), sink -> copy(tensor, sink));
                }
            }
            writer.store(ROOT + "version", "3\n".getBytes(StandardCharsets.US_ASCII));
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                if (entry.getKey().startsWith(OWN)) {
                    String name =
                            TorchFormat.ZIP.metadataPrefix() + entry.getKey().substring(OWN.length()) + ".json";
                    writer.store(ROOT + name, entry.getValue().getBytes(StandardCharsets.UTF_8));
                }
            }
            writer.finish();
        });
    }

    private static void copy(TensorView tensor, ZipWriter.Sink sink) throws IOException {
        long size = tensor.info().bytes();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, size));
        for (long at = 0; at < size; at += CHUNK) {
            buffer.clear().limit((int) Math.min(CHUNK, size - at));
            tensor.readBytes(at, buffer);
            sink.write(buffer.flip());
        }
    }

    /** The storage of each tensor, numbered in their order. */
    private static Map<String, Integer> storages(List<? extends TensorView> tensors, Map<String, String> tied) {
        Map<String, TensorInfo> infos = new HashMap<>();
        Map<String, Integer> storages = new HashMap<>();
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            if (infos.put(info.name(), info) != null) {
                throw new IllegalArgumentException("the tensor name '" + info.name() + "' is taken");
            }
            String first = tied.get(info.name());
            TensorInfo other = first == null ? null : infos.get(first);
            boolean shares = other != null
                    && other.dtype() == info.dtype()
                    && other.shape().equals(info.shape());
            Integer shared = shares ? storages.get(first) : null;
            storages.put(info.name(), shared == null ? storages.size() : shared);
        }
        return storages;
    }

    private static byte[] pickle(List<? extends TensorView> tensors, Map<String, Integer> storages) {
        PickleWriter pickle = new PickleWriter();
        pickle.global("collections", "OrderedDict").emptyTuple().reduce().mark();
        for (TensorView tensor : tensors) {
            TensorInfo info = tensor.info();
            pickle.text(info.name());
            pickle.global("torch._utils", "_rebuild_tensor_v2").mark();
            pickle.mark().text("storage").global("torch", storageClass(info));
            pickle.text(String.valueOf(storages.get(info.name()))).text("cpu");
            pickle.number(info.shape().elements()).tuple().persistent();
            pickle.number(0);
            long[] dims = info.shape().dims();
            long[] strides = new long[dims.length];
            long stride = 1;
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                strides[axis] = stride;
                stride *= Math.max(1, dims[axis]);
            }
            pickle.numbers(dims).numbers(strides).no();
            pickle.global("collections", "OrderedDict").emptyTuple().reduce();
            pickle.tuple().reduce();
        }
        return pickle.setItems().bytes();
    }

    private static String storageClass(TensorInfo info) {
        return switch (info.dtype()) {
            case F64 -> "DoubleStorage";
            case F32 -> "FloatStorage";
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            case I64 -> "LongStorage";
            case I32 -> "IntStorage";
            case I16 -> "ShortStorage";
            case I8 -> "CharStorage";
            case U8 -> "ByteStorage";
            case BOOL -> "BoolStorage";
            case C64 -> "ComplexFloatStorage";
            case C128 -> "ComplexDoubleStorage";
            default -> throw unsupported(info.name(), info.dtype());
        };
    }

    private static IllegalArgumentException unsupported(String name, DType dtype) {
        return new IllegalArgumentException("tensor '" + name + "' is " + dtype
                + "; a new PyTorch file holds F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL, C64 and C128");
    }
}
