package io.detinit.spark;

import io.detinit.generator.TensorShape;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.TorchStateDictWriter;
import io.detinit.interop.zip.ZipWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The model of {@link Samples} in PyTorch's formats. */
final class TorchSamples {

    static final String INDEX = "pytorch_model.bin.index.json";
    private static final String DCP = "torch.distributed.checkpoint.metadata";

    private TorchSamples() {}

    static String shard(int k) {
        return "pytorch_model-0000" + (k + 1) + "-of-00003.bin";
    }

    /** A sharded set of zip files. */
    static Path sharded(Path folder) throws IOException {
        List<TensorView> tensors = Samples.tensors();
        StringBuilder map = new StringBuilder();
        int at = 0;
        for (int k = 0; k < Samples.layout().size(); k++) {
            int count = Samples.layout().get(k).size();
            List<TensorView> own = tensors.subList(at, at + count);
            at += count;
            TorchStateDictWriter.write(folder.resolve(shard(k)), own, Map.of(), Map.of());
            for (TensorView tensor : own) {
                map.append(map.length() == 0 ? "" : ",")
                        .append('"')
                        .append(tensor.info().name());
                map.append("\":\"").append(shard(k)).append('"');
            }
        }
        return Files.writeString(folder.resolve(INDEX), "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }

    /** How a matrix lies in a storage. */
    private static final class View {
        private final long elements;
        private final long offset;
        private final long[] strides;

        View(long elements, long offset, long... strides) {
            this.elements = elements;
            this.offset = offset;
            this.strides = strides;
        }
    }

    /** One file: turned, cut out of something wider, every second element, plain, and one tensor twice. */
    static Path views(Path file) throws IOException {
        Map<String, View> views = Map.of(
                "embed.weight", new View(1203 * 1024, 10, 1024, 1),
                "fc.weight", new View(301 * 1000, 0, 1, 301),
                "out.weight", new View(18 * 2002 + 1, 1, 2002, 2));
        Map<String, byte[]> storages = new LinkedHashMap<>();
        TorchPickle pickle = new TorchPickle().ops("}(");
        for (TensorView tensor : Samples.tensors()) {
            TensorInfo info = tensor.info();
            View view = views.getOrDefault(
                    info.name(),
                    new View(info.shape().elements(), 0, rowMajor(info.shape().dims())));
            String key = String.valueOf(storages.size());
            storages.put(key, place(tensor, view));
            add(pickle, info.name(), info, key, view);
            if (info.name().equals("embed.weight")) {
                add(pickle, "head.weight", info, key, view);
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipWriter writer = new ZipWriter(channel);
            writer.store("m/data.pkl", pickle.ops("u").stop());
            for (Map.Entry<String, byte[]> storage : storages.entrySet()) {
                writer.store("m/data/" + storage.getKey(), storage.getValue());
            }
            writer.store("m/version", new byte[] {'3', '\n'});
            writer.finish();
        }
        return file;
    }

    private static void add(TorchPickle pickle, String name, TensorInfo info, String key, View view) {
        pickle.text(name)
                .tensor(
                        storage(info.dtype()),
                        key,
                        view.elements,
                        view.offset,
                        info.shape().dims(),
                        view.strides);
    }

    private static String storage(DType dtype) {
        return switch (dtype) {
            case F64 -> "DoubleStorage";
            case F32 -> "FloatStorage";
            case F16 -> "HalfStorage";
            case BF16 -> "BFloat16Storage";
            default -> "LongStorage";
        };
    }

    private static long[] rowMajor(long... dims) {
        long[] strides = new long[dims.length];
        long stride = 1;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= dims[axis];
        }
        return strides;
    }

    private static byte[] place(TensorView tensor, View view) throws IOException {
        TensorInfo info = tensor.info();
        int size = info.dtype().bytes();
        byte[] elements = new byte[(int) info.bytes()];
        tensor.readBytes(0, ByteBuffer.wrap(elements));
        byte[] storage = new byte[(int) view.elements * size];
        long inner = info.shape().rank() == 2 ? Math.max(1, info.shape().dim(1)) : 1;
        for (int k = 0; k < elements.length / size; k++) {
            long at = view.offset + k / inner * view.strides[0];
            at += info.shape().rank() == 2 ? k % inner * view.strides[1] : 0;
            System.arraycopy(elements, k * size, storage, (int) at * size, size);
        }
        return storage;
    }

    /** A box of a tensor that a process wrote. */
    private static final class Chunk {
        private final long[] begin;
        private final long[] sizes;
        private final int file;

        Chunk(long[] begin, long[] sizes, int file) {
            this.begin = begin;
            this.sizes = sizes;
            this.file = file;
        }
    }

    /** Three processes: the embedding cut by rows, two layers by columns or both, the rest whole. */
    static Path distributed(Path folder) throws IOException {
        Files.createDirectory(folder);
        List<ByteArrayOutputStream> files = new ArrayList<>();
        for (int k = 0; k < 3; k++) {
            files.add(new ByteArrayOutputStream());
        }
        TorchPickle items = new TorchPickle()
                .object(DCP, "Metadata")
                .text("state_dict_metadata")
                .ops("}(");
        ByteArrayOutputStream placed = new ByteArrayOutputStream();
        for (TensorView tensor : Samples.tensors()) {
            TensorInfo info = tensor.info();
            items.text(info.name()).object(DCP, "TensorStorageMetadata");
            items.text("properties").global(DCP, "TensorProperties").ops(")\u0081(");
            items.global("torch", dtype(info.dtype())).ops("NNNNtb").text("size");
            items.size(info.shape().dims()).text("chunks").ops("](");
            for (Chunk chunk : chunks(info)) {
                items.object(DCP, "ChunkStorageMetadata").text("offsets").size(chunk.begin);
                items.text("sizes").size(chunk.sizes).ops("ub");
                byte[] piece = piece(tensor, chunk, folder.resolve("piece"));
                ByteArrayOutputStream file = files.get(chunk.file);
                TorchPickle place = new TorchPickle();
                place.object(DCP, "MetadataIndex").text("fqn").text(info.name()).text("offset");
                place.size(chunk.begin).text("index").ops("Nub");
                place.object("torch.distributed.checkpoint.filesystem", "_StorageInfo")
                        .text("relative_path");
                place.text(distcp(chunk.file)).text("offset").number(file.size());
                place.text("length").number(piece.length).ops("ub");
                byte[] bytes = place.stop();
                placed.write(bytes, 2, bytes.length - 3); // without its protocol and its end
                file.writeBytes(piece);
            }
            items.ops("eub");
        }
        items.ops("u").text("storage_data").ops("}(");
        items.ops(placed.toString(java.nio.charset.StandardCharsets.ISO_8859_1)).ops("uub");
        Files.write(folder.resolve(".metadata"), items.stop());
        for (int k = 0; k < 3; k++) {
            Files.write(folder.resolve(distcp(k)), files.get(k).toByteArray());
        }
        Files.delete(folder.resolve("piece"));
        return folder;
    }

    static String distcp(int k) {
        return "__" + k + "_0.distcp";
    }

    private static String dtype(DType dtype) {
        return switch (dtype) {
            case F64 -> "float64";
            case F32 -> "float32";
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            default -> "int64";
        };
    }

    private static List<Chunk> chunks(TensorInfo info) {
        long[][] cuts = switch (info.name()) {
            case "embed.weight" -> new long[][] {{0, 401, 802, 1203}, {0, 1000}};
            case "fc.weight" -> new long[][] {{0, 301}, {0, 334, 668, 1000}};
            case "out.weight" -> new long[][] {{0, 10, 18}, {0, 500, 1001}};
            default -> new long[0][];
        };
        List<Chunk> chunks = new ArrayList<>();
        if (cuts.length == 0) {
            return List.of(new Chunk(new long[info.shape().rank()], info.shape().dims(), 0));
        }
        for (int row = 0; row + 1 < cuts[0].length; row++) {
            for (int col = 0; col + 1 < cuts[1].length; col++) {
                long[] begin = {cuts[0][row], cuts[1][col]};
                long[] sizes = {cuts[0][row + 1] - begin[0], cuts[1][col + 1] - begin[1]};
                chunks.add(new Chunk(begin, sizes, (row + col) % 3));
            }
        }
        return chunks;
    }

    private static byte[] piece(TensorView tensor, Chunk chunk, Path temporary) throws IOException {
        TensorInfo info = tensor.info();
        TensorShape shape = TensorShape.of(chunk.sizes);
        TensorInfo own = new TensorInfo("piece", info.dtype(), shape, info.kind());
        ByteBuffer bytes = ByteBuffer.allocate((int) own.bytes());
        int size = info.dtype().bytes();
        if (shape.rank() == 2 && shape.elements() > 0) {
            for (long row = 0; row < shape.dim(0); row++) {
                long from = (chunk.begin[0] + row) * info.shape().dim(1) + chunk.begin[1];
                bytes.limit(bytes.position() + (int) shape.dim(1) * size);
                tensor.readBytes(from * size, bytes);
            }
        } else {
            tensor.readBytes(0, bytes);
        }
        TorchStateDictWriter.write(temporary, List.of(ArrayTensor.of(own, bytes.flip())), Map.of(), Map.of());
        return Files.readAllBytes(temporary);
    }
}
