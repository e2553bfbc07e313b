package io.detinit.interop.torch;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.PayloadConfig.Meta;
import io.detinit.interop.torch.PayloadConfig.Payload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Archives of {@code torch.export.save} and {@code package_pt2}. Since PyTorch 2.8 weights are raw storages in {@code
 * data/weights/}, which JSON describes, and constants the same in {@code data/constants/}; some are files of {@code torch.save}.
 * Between, {@code data/weights/<model>.pt} was one such file for each model. Up to 2.7 the archive has no folder and {@code
 * serialized_state_dict.pt} and {@code serialized_constants.pt}. Of several models each name begins with the model's. Source:
 * {@code torch/export/pt2_archive/_package.py}.
 *
 * <p>Not safe for use by several threads.
 */
final class Pt2Content {

    private static final String OLD_PROGRAM = "serialized_exported_program.json";
    private static final String WEIGHTS = "data/weights/";
    private static final String CONSTANTS = "data/constants/";
    private static final String MODELS = "models/";
    private static final long STRIDED = 7;

    /** By PyTorch's number, {@code ScalarType} in {@code torch/_export/serde/schema.py}. */
    private static final Map<Long, DType> DTYPES = Map.ofEntries(
            Map.entry(1L, DType.U8),
            Map.entry(2L, DType.I8),
            Map.entry(3L, DType.I16),
            Map.entry(4L, DType.I32),
            Map.entry(5L, DType.I64),
            Map.entry(6L, DType.F16),
            Map.entry(7L, DType.F32),
            Map.entry(8L, DType.F64),
            Map.entry(10L, DType.C64),
            Map.entry(11L, DType.C128),
            Map.entry(12L, DType.BOOL),
            Map.entry(13L, DType.BF16),
            Map.entry(28L, DType.U16),
            Map.entry(29L, DType.F8_E4M3),
            Map.entry(30L, DType.F8_E5M2),
            Map.entry(31L, DType.F8_E4M3FNUZ),
            Map.entry(32L, DType.F8_E5M2FNUZ),
            Map.entry(33L, DType.F8_E8M0),
            Map.entry(34L, DType.U32),
            Map.entry(35L, DType.U64));

    private final TorchZip zip;
    private final String file;
    private final boolean bigEndian;
    private final Map<String, Storage> storages = new HashMap<>();
    private final List<TensorView> tensors = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    private Pt2Content(TorchZip zip) throws IOException {
        this.zip = zip;
        this.file = zip.archive().source().name();
        this.bigEndian = zip.bigEndian();
    }

    /** Whether an archive is one. */
    static boolean matches(TorchZip zip) {
        return zip.has("archive_format") || zip.has(OLD_PROGRAM);
    }

    /** Reads an archive that {@link #matches}. */
    static TorchContent read(TorchZip zip) throws IOException {
        Pt2Content content = new Pt2Content(zip);
        boolean old = zip.has(OLD_PROGRAM);
        if (old) {
            content.old();
        } else {
            content.archive();
        }
        UniqueNames.check(content.file, content.tensors);
        return new TorchContent(
                TorchFormat.PT2,
                List.copyOf(content.tensors),
                zip.metadata(TorchFormat.PT2.metadataPrefix()),
                List.copyOf(content.warnings));
    }

    private void old() throws IOException {
        ExportSignature signature =
                ExportSignature.parse(file, OLD_PROGRAM, zip.record(OLD_PROGRAM).orElseThrow());
        pickled("serialized_state_dict.pt", "", signature, false);
        pickled("serialized_constants.pt", "", signature, true);
    }

    private void archive() throws IOException {
        String format = zip.text("archive_format").orElse("");
        if (!format.equals("pt2")) {
            throw MalformedFileException.of(file, "record archive_format", "'" + format + "'", "pt2");
        }
        String version = zip.text("archive_version").orElse("0");
        if (!version.equals("0")) {
            warnings.add("archive_version is " + version + ", of which 0 is known");
        }
        List<String> models = models();
        for (String model : models) {
            String prefix = models.size() == 1 ? "" : model + ".";
            ExportSignature signature = signature(model);
            folder(WEIGHTS, model, "_weights_config.json", prefix, signature);
            folder(CONSTANTS, model, "_constants_config.json", prefix, signature);
        }
        if (!zip.below("data/aotinductor/").isEmpty()) {
            warnings.add("the compiled models in data/aotinductor are not read");
        }
        if (!zip.below("xl_model_weights/").isEmpty()) {
            warnings.add("the weights in xl_model_weights are not read");
        }
    }

    /** In the order of the archive. */
    private List<String> models() {
        List<String> models = new ArrayList<>();
        for (String record : zip.below(MODELS)) {
            String name = record.substring(MODELS.length());
            if (name.endsWith(".json")) {
                models.add(name.substring(0, name.length() - ".json".length()));
            }
        }
        return models;
    }

    private ExportSignature signature(String model) throws IOException {
        String record = MODELS + model + ".json";
        return ExportSignature.parse(file, record, zip.record(record).orElseThrow());
    }

    private void folder(String folder, String model, String suffix, String prefix, ExportSignature signature)
            throws IOException {
        boolean constants = folder.equals(CONSTANTS);
        String config = folder + model + suffix;
        String single = folder + model + ".pt";
        Optional<ByteSource> json = zip.record(config);
        if (zip.has(single)) {
            pickled(single, prefix, signature, constants);
        } else if (json.isEmpty()) {
            throw MalformedFileException.of(file, "archive", "no record " + config, "one for the model " + model);
        } else {
            for (Map.Entry<String, Payload> entry :
                    PayloadConfig.parse(file, config, json.get()).payloads().entrySet()) {
                Kind kind = kind(entry.getKey(), entry.getValue(), constants, signature);
                payload(folder, entry.getKey(), prefix, entry.getValue(), kind);
            }
        }
    }

    private static Kind kind(String name, Payload payload, boolean constant, ExportSignature signature) {
        return payload.parameter()
                ? Kind.PARAMETER
                : signature.kind(name).orElse(constant ? Kind.CONSTANT : Kind.BUFFER);
    }

    private void payload(String folder, String name, String prefix, Payload payload, Kind kind) throws IOException {
        String record = folder + payload.record();
        Meta meta = payload.tensor();
        Optional<ByteSource> bytes = zip.record(record);
        if (meta == null) {
            warnings.add("'" + prefix + name + "' in " + record + " is no tensor, not read");
        } else if (bytes.isEmpty()) {
            throw MalformedFileException.of(file, "tensor '" + name + "'", "no record " + record, "one");
        } else if (payload.pickled()) {
            List<StorageTensor> inside =
                    NestedZip.read(file, zip.root() + record, bytes.get()).tensors();
            if (inside.isEmpty()) {
                warnings.add("tensor '" + prefix + name + "' in " + record + " has no data that can be read here");
            }
            for (StorageTensor tensor : inside) {
                String inner = tensor.info().name();
                add(prefix + name + (inner.equals("tensor") ? "" : "." + inner), kind, tensor.storageView());
            }
        } else {
            raw(record, bytes.get(), prefix + name, meta, kind);
        }
    }

    private void raw(String record, ByteSource bytes, String name, Meta meta, Kind kind) throws IOException {
        DType dtype = DTYPES.get(meta.dtype());
        boolean empty = bytes.size() == 0 && !meta.sizes().contains(0L);
        if (dtype == null || meta.layout() != STRIDED || empty) {
            String why = empty ? "no data" : "dtype " + meta.dtype() + ", layout " + meta.layout();
            warnings.add("tensor '" + name + "' of " + why + " is not read");
            return;
        }
        String key = zip.root() + record;
        Storage storage = storages.computeIfAbsent(key, k -> new Storage(k, bytes, bigEndian));
        long offset = meta.sizes().contains(0L) ? 0 : meta.offset();
        StorageView view =
                new StorageView(storage, dtype, offset, array(meta.sizes()), array(meta.strides()), false, false);
        add(name, kind, ViewBounds.check(view, file, "tensor '" + name + "'"));
    }

    private static long[] array(List<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    /** A file of {@code torch.save} with a dict of all tensors. */
    private void pickled(String record, String prefix, ExportSignature signature, boolean constants)
            throws IOException {
        Optional<ByteSource> bytes = zip.record(record);
        if (bytes.isEmpty() || bytes.get().size() == 0) {
            if (!constants) {
                throw MalformedFileException.of(file, "archive", "no record " + record + ", or no bytes", "one");
            }
            return; // up to 2.2 without constants
        }
        PickleFile read = NestedZip.read(file, zip.root() + record, bytes.get());
        warnings.addAll(read.warnings());
        Map<String, Kind> kinds = new HashMap<>(); // the signature has one name for tied tensors
        for (StorageTensor tensor : read.tensors()) {
            signature
                    .kind(tensor.info().name())
                    .ifPresent(kind -> kinds.put(tensor.storageView().identity(), kind));
        }
        for (StorageTensor tensor : read.tensors()) {
            Kind otherwise = constants ? Kind.CONSTANT : tensor.info().kind();
            Kind kind = kinds.getOrDefault(tensor.storageView().identity(), otherwise);
            add(prefix + tensor.info().name(), kind, tensor.storageView());
        }
    }

    private void add(String name, Kind kind, StorageView view) {
        tensors.add(new StorageTensor(new TensorInfo(name, view.dtype(), TensorShape.of(view.sizes()), kind), view));
    }
}
