package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * Tells the kinds of archives apart by their records.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class ZipContent {

    private ZipContent() {}

    /** Reads an archive of any kind. */
    static TorchContent read(TorchZip zip) throws IOException {
        if (zip.has("data.pkl") && !zip.has("constants.pkl")) {
            PickleFile pickle = zip.pickle("data.pkl", "data/", "");
            return new TorchContent(
                    TorchFormat.ZIP,
                    List.copyOf(pickle.tensors()),
                    zip.metadata(TorchFormat.ZIP.metadataPrefix()),
                    pickle.warnings());
        }
        if (TorchScriptContent.matches(zip)) {
            return TorchScriptContent.read(zip);
        }
        if (Pt2Content.matches(zip)) {
            return Pt2Content.read(zip);
        }
        if (PackageContent.matches(zip)) {
            return PackageContent.read(zip);
        }
        throw refusal(zip);
    }

    private static MalformedFileException refusal(TorchZip zip) {
        String file = zip.archive().source().name();
        if (zip.has("model.json")) {
            return MalformedFileException.unsupported(
                    file,
                    "archive",
                    "TorchScript of PyTorch 1.0 to 1.2 (model.json)",
                    "save it again with a newer PyTorch");
        }
        if (zip.archive().find("MAR-INF/MANIFEST.json").isPresent()) {
            return MalformedFileException.unsupported(
                    file, "archive", "a TorchServe archive", "unpack it and name the model file in it");
        }
        int entries = zip.archive().entries().size();
        return MalformedFileException.of(
                file,
                "archive",
                String.format(Locale.ROOT, "%d entries and no data.pkl", entries),
                "an archive of torch.save, torch.jit.save, torch.package or torch.export");
    }
}
