package io.detinit.interop.torch;

import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.pickle.PickleReader.Pickle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Archives of {@code torch.package}: Python sources, resources, and pickles {@code <package>/<resource>.pkl} whose storages lie
 * in {@code .data/<key>.storage}, shared by all pickles, in the byte order of the machine that wrote them. Source: {@code
 * torch/package/package_exporter.py}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class PackageContent {

    private static final String PICKLE = ".pkl";

    private PackageContent() {}

    /** Whether an archive is one. */
    static boolean matches(TorchZip zip) {
        return !zip.has("data.pkl")
                && (zip.has(".data/extern_modules")
                        || zip.below(".data/").stream().anyMatch(record -> record.endsWith(".storage")));
    }

    /** Reads an archive that {@link #matches}. */
    static TorchContent read(TorchZip zip) throws IOException {
        String file = zip.archive().source().name();
        List<TensorView> tensors = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        List<String> resources = zip.below("").stream()
                .filter(record -> record.endsWith(PICKLE) && !record.startsWith(".data/"))
                .toList();
        ZipStorages storages =
                new ZipStorages(zip.archive(), key -> zip.root() + ".data/" + key + ".storage", zip.bigEndian());
        for (String resource : resources) {
            Pickle pickle = PickleRecord.read(zip, resource);
            if (pickle.references().isEmpty()) {
                warnings.add("the pickle " + resource + " holds no tensors");
                continue;
            }
            PickleFile read = PickleFile.of(file, pickle, storages);
            warnings.addAll(read.warnings());
            String stem = resource.substring(0, resource.length() - PICKLE.length());
            String prefix = resources.size() == 1 ? "" : stem.replace('/', '.') + ".";
            for (StorageTensor tensor : read.tensors()) {
                TensorInfo info = tensor.info();
                tensors.add(new StorageTensor(
                        new TensorInfo(prefix + info.name(), info.dtype(), info.shape(), info.kind()),
                        tensor.storageView()));
            }
        }
        if (!zip.below(".data/ts_code/").isEmpty()) {
            warnings.add("the TorchScript modules in .data/ts_code are not read");
        }
        UniqueNames.check(file, tensors);
        return new TorchContent(
                TorchFormat.PACKAGE,
                List.copyOf(tensors),
                zip.metadata(TorchFormat.PACKAGE.metadataPrefix()),
                List.copyOf(warnings));
    }
}
