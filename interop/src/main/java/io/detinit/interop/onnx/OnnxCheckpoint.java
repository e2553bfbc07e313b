package io.detinit.interop.onnx;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.Replacements;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An ONNX model file: the initializers of its main graph as tensors, in the order of their first use in the graph (exporters list
 * a folded one last), unused ones after them.
 *
 * <p>A floating-point initializer that a node uses is a parameter, or a buffer where its name says so; every other one is a
 * constant. Initializers of types that {@link DType} does not know (strings, 4-bit) and those of subgraphs are not shown,
 * but kept by {@link #rewrite}. External data is refused. The whole model is in memory, as protobuf needs it; it cannot be
 * larger than 2^31-1 bytes. Reading is safe for use by many threads.
 */
public final class OnnxCheckpoint implements Checkpoint {

    private final Path path;
    private final OnnxMl.ModelProto model;
    private final List<TensorView> tensors;

    private OnnxCheckpoint(Path path, OnnxMl.ModelProto model, List<TensorView> tensors) {
        this.path = path;
        this.model = model;
        this.tensors = List.copyOf(tensors);
    }

    /**
     * Opens a model.
     *
     * @param path the file
     * @return the model; nothing stays open, closing it does nothing
     * @throws MalformedFileException if it is no ONNX model, an initializer's data does not fit its dims, two have one name, or
     *     data lies outside the file
     * @throws IOException if the file cannot be read
     */
    public static OnnxCheckpoint open(Path path) throws IOException {
        long size = Files.size(path);
        if (size > Integer.MAX_VALUE) {
            throw MalformedFileException.of(
                    path, "file size", size + " bytes", "at most 2^31-1, the limit of protobuf");
        }
        OnnxMl.ModelProto model = parse(path);
        if (!model.hasGraph()) {
            throw MalformedFileException.of(path, "model", "no graph", "an ONNX model with a graph");
        }
        return new OnnxCheckpoint(path, model, tensors(model.getGraph(), path));
    }

    private static OnnxMl.ModelProto parse(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            CodedInputStream coded = CodedInputStream.newInstance(in, 1 << 16);
            coded.setSizeLimit(Integer.MAX_VALUE);
            OnnxMl.ModelProto.Builder builder = OnnxMl.ModelProto.newBuilder();
            try {
                builder.mergeFrom(coded);
                coded.checkLastTagWas(0);
            } catch (InvalidProtocolBufferException e) {
                throw MalformedFileException.of(
                        path,
                        "byte " + coded.getTotalBytesRead(),
                        "broken protobuf (" + e.getMessage() + ")",
                        "a complete ONNX model");
            }
            return builder.build();
        }
    }

    private static List<TensorView> tensors(OnnxMl.GraphProto graph, Path path) throws IOException {
        List<String> uses = OnnxTensors.uses(graph);
        Set<String> used = new HashSet<>(uses);
        Map<String, TensorView> byName = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        for (OnnxMl.TensorProto proto : graph.getInitializerList()) {
            if (!names.add(proto.getName())) {
                throw MalformedFileException.of(
                        path, "initializer '" + proto.getName() + "'", "a second one of that name", "one");
            }
            DType dtype = OnnxTensors.dtype(proto.getDataType()).orElse(null);
            if (dtype != null) {
                TensorInfo.Kind kind = kind(proto.getName(), dtype, used.contains(proto.getName()));
                byName.put(proto.getName(), OnnxTensors.read(proto, dtype, kind, path));
            }
        }
        List<TensorView> ordered = new ArrayList<>();
        for (String name : uses) {
            TensorView tensor = byName.remove(name);
            if (tensor != null) {
                ordered.add(tensor);
            }
        }
        ordered.addAll(byName.values());
        return ordered;
    }

    private static TensorInfo.Kind kind(String name, DType dtype, boolean used) {
        if (!used || !dtype.isFloating()) {
            return TensorInfo.Kind.CONSTANT;
        }
        return io.detinit.interop.tensor.TensorKinds.of(name, dtype);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public String format() {
        return "onnx";
    }

    @Override
    public List<TensorView> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        model.getMetadataPropsList().forEach(entry -> metadata.put(entry.getKey(), entry.getValue()));
        return Collections.unmodifiableMap(metadata);
    }

    @Override
    public void rewrite(Path target, Map<String, TensorView> replacements, Map<String, String> metadata)
            throws IOException {
        Replacements.check(tensors, replacements);
        OnnxMl.ModelProto.Builder copy = model.toBuilder();
        OnnxMl.GraphProto.Builder graph = copy.getGraphBuilder();
        Map<String, Integer> positions = new HashMap<>();
        for (int k = 0; k < graph.getInitializerCount(); k++) {
            positions.put(graph.getInitializer(k).getName(), k);
        }
        for (Map.Entry<String, TensorView> entry : replacements.entrySet()) {
            Integer position = positions.get(entry.getKey());
            if (position != null) {
                TensorView tensor = entry.getValue();
                ByteBuffer bytes =
                        ByteBuffer.allocate(Math.toIntExact(tensor.info().bytes()));
                tensor.readBytes(0, bytes);
                graph.setInitializer(
                        position,
                        OnnxTensors.withData(graph.getInitializer(position), ByteString.copyFrom(bytes.flip())));
            }
        }
        metadata.forEach((key, value) -> putMetadata(copy, key, value));
        write(target, copy.build());
    }

    private static void putMetadata(OnnxMl.ModelProto.Builder model, String key, String value) {
        OnnxMl.StringStringEntryProto entry = OnnxMl.StringStringEntryProto.newBuilder()
                .setKey(key)
                .setValue(value)
                .build();
        for (int k = 0; k < model.getMetadataPropsCount(); k++) {
            if (model.getMetadataProps(k).getKey().equals(key)) {
                model.setMetadataProps(k, entry);
                return;
            }
        }
        model.addMetadataProps(entry);
    }

    private static void write(Path target, OnnxMl.ModelProto model) throws IOException {
        AtomicFile.write(target, channel -> {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
            CodedOutputStream coded = CodedOutputStream.newInstance(out);
            coded.useDeterministicSerialization();
            model.writeTo(coded);
            coded.flush();
            out.flush();
        });
    }

    /** Does nothing; the model is in memory. */
    @Override
    public void close() {}
}
