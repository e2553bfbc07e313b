package io.detinit.interop.delta;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.plan.Plan;
import io.detinit.interop.safetensors.SafetensorsFile;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Builds the views of a delta file's tensors, and keeps account of the tensors of the file. Not thread-safe. */
final class DeltaViews {

    private final SafetensorsFile file;
    private final Map<String, Plan.Entry> entries = new HashMap<>();
    private final Map<String, TensorView> stored = new LinkedHashMap<>();
    private final Map<String, TensorView> views = new LinkedHashMap<>();
    private final Map<String, String> tied = new LinkedHashMap<>();
    private final Set<String> taken = new HashSet<>();

    DeltaViews(SafetensorsFile file, Plan plan) {
        this.file = file;
        plan.entries().forEach(entry -> entries.put(entry.name(), entry));
        file.tensors().forEach(tensor -> stored.put(tensor.info().name(), tensor));
    }

    void add(DeltaTensor tensor) throws IOException {
        String name = tensor.info().name();
        if (views.containsKey(name)) {
            throw MalformedFileException.of(file.path(), "metadata " + DeltaJson.KEY, "'" + name + "' twice", "once");
        }
        views.put(name, view(tensor));
        if (tensor.form() == DeltaTensor.Form.TIED) {
            tied.put(name, tensor.tied());
        }
    }

    private TensorView view(DeltaTensor tensor) throws IOException {
        return switch (tensor.form()) {
            case WHOLE -> whole(tensor);
            case INITIAL -> new InitialView(tensor.info(), initial(tensor.info()));
            case MASKED -> masked(tensor);
            case TIED -> first(tensor);
        };
    }

    private TensorView first(DeltaTensor tensor) throws MalformedFileException {
        TensorView first = views.get(tensor.tied());
        TensorInfo info = tensor.info();
        if (first == null
                || first.info().dtype() != info.dtype()
                || !first.info().shape().equals(info.shape())) {
            throw malformed(
                    info.name(),
                    "tied to '" + tensor.tied() + "'",
                    "an earlier tensor of dtype " + info.dtype() + " and shape " + info.shape());
        }
        return new Renamed(info, first);
    }

    private TensorView whole(DeltaTensor tensor) throws MalformedFileException {
        TensorInfo info = tensor.info();
        TensorView found = take(tensor.wholeName());
        boolean asBytes = DeltaFile.isKeptAsBytes(info.dtype());
        boolean fits = asBytes
                ? isVector(found, DType.U8, info.bytes())
                : found.info().dtype() == info.dtype() && found.info().shape().equals(info.shape());
        if (!fits) {
            throw malformed(
                    tensor.wholeName(),
                    found.info().dtype() + " " + found.info().shape(),
                    asBytes ? info.bytes() + " bytes as U8" : info.dtype() + " " + info.shape());
        }
        return new Renamed(info, found);
    }

    private StoredInitial initial(TensorInfo info) throws MalformedFileException {
        Plan.Entry entry = entries.get(info.name());
        if (entry == null) {
            throw malformed(info.name(), "no entry of the plan", "its initial values");
        }
        StoredInitial initial = new StoredInitial(entry.values(), entry.stored(), info.dtype());
        if (!initial.shape().equals(info.shape())) {
            throw malformed(
                    info.name(), "the shape " + info.shape(), initial.shape().toString() + ", as the plan says");
        }
        return initial;
    }

    private TensorView masked(DeltaTensor tensor) throws IOException {
        TensorInfo info = tensor.info();
        TensorView values = take(tensor.valuesName());
        TensorView mask = take(tensor.maskName());
        if (!isVector(values, tensor.values(), tensor.kept())) {
            throw malformed(
                    tensor.valuesName(),
                    values.info().dtype() + " " + values.info().shape(),
                    tensor.kept() + " values of " + tensor.values());
        }
        if (!isVector(mask, DType.U8, mask.info().bytes())) {
            throw malformed(
                    tensor.maskName(), mask.info().dtype() + " " + mask.info().shape(), "a vector of U8");
        }
        StoredInitial initial = initial(info);
        ChunkTable table = ChunkTable.read(file.path(), mask, info.shape().elements(), true);
        if (table.onesBefore(table.chunks()) != tensor.kept()) {
            throw malformed(
                    tensor.maskName(),
                    table.onesBefore(table.chunks()) + " ones",
                    tensor.kept() + ", the number of kept values");
        }
        return new RestoredTensor(info, initial, table, values);
    }

    private static boolean isVector(TensorView tensor, DType dtype, long elements) {
        return tensor.info().dtype() == dtype
                && tensor.info().shape().rank() == 1
                && tensor.info().shape().elements() == elements;
    }

    TensorView take(String name) throws MalformedFileException {
        TensorView tensor = stored.get(name);
        if (tensor == null || !taken.add(name)) {
            throw malformed(name, tensor == null ? "nothing" : "two uses of it", "a tensor of the delta file");
        }
        return tensor;
    }

    void refuseRest() throws MalformedFileException {
        for (String name : stored.keySet()) {
            if (!taken.contains(name)) {
                throw malformed(name, "a tensor that the record does not name", "none");
            }
        }
    }

    private MalformedFileException malformed(String name, String found, String expected) {
        TensorView tensor = stored.get(name);
        String where = tensor == null || tensor.location().isEmpty() ? "" : " at " + tensor.location();
        return MalformedFileException.of(file.path(), "tensor '" + name + "'" + where, found, expected);
    }

    /** The tensors of the model, by name, in the order in which they were added. */
    Map<String, TensorView> views() {
        return views;
    }

    /** The tied ones, with the name of the first. */
    Map<String, String> tied() {
        return tied;
    }

    /** A tensor under the name that it has in the model. */
    private record Renamed(TensorInfo info, TensorView source) implements TensorView {

        @Override
        public void readBytes(long position, ByteBuffer destination) throws IOException {
            source.readBytes(position, destination);
        }

        @Override
        public ByteBuffer view(long position, int length) throws IOException {
            return source.view(position, length);
        }

        @Override
        public String location() {
            return source.location();
        }
    }
}
