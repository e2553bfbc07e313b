package io.detinit.interop.torch;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorKinds;
import io.detinit.interop.torch.pickle.PickleReader;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The tensors that one pickle describes.
 *
 * @param root the pickle's value
 * @param tensors in the pickle's order
 * @param warnings one line for each thing that a reader should know
 */
record PickleFile(Object root, List<StorageTensor> tensors, List<String> warnings) {

    private static final int SHOWN = 8;

    /**
     * Reads a pickle and finds its tensors.
     *
     * @param file for messages
     * @param pickle the bytes, nothing after STOP
     * @param storages finds storages
     * @return the tensors
     * @throws MalformedFileException if the pickle or a tensor is malformed, or it holds no tensor but a call of a stranger
     */
    static PickleFile read(String file, ByteSource pickle, Rebuild.Storages storages) throws IOException {
        PickleReader.Pickle read = PickleReader.read(pickle, 0);
        if (read.end() != pickle.size()) {
            throw MalformedFileException.of(
                    file,
                    "pickle, byte " + pickle.filePosition(read.end()),
                    (pickle.size() - read.end()) + " bytes after STOP",
                    "none; a second pickle there would be a hidden one");
        }
        return of(file, read, storages);
    }

    /** The tensors of a pickle that was read. */
    static PickleFile of(String file, PickleReader.Pickle pickle, Rebuild.Storages storages) throws IOException {
        Rebuild rebuild = new Rebuild(file, storages);
        StateDictWalk.Result walked = StateDictWalk.walk(file, pickle.value(), rebuild);
        List<StorageTensor> tensors = new ArrayList<>();
        for (StateDictWalk.NamedTensor named : walked.tensors()) {
            tensors.add(tensor(named));
        }
        List<String> warnings = new ArrayList<>(rebuild.warnings());
        warnings.addAll(walked.warnings());
        List<Global> strangers = pickle.globals().stream()
                .filter(global -> !Trust.allows(global))
                .toList();
        if (!strangers.isEmpty()) {
            String names = strangers.stream().map(Global::path).limit(SHOWN).collect(Collectors.joining(", "));
            String more = strangers.size() > SHOWN ? " and " + (strangers.size() - SHOWN) + " more" : "";
            if (tensors.isEmpty() && pickle.calls()) {
                throw MalformedFileException.of(
                        file, "pickle", "no tensor but calls of " + names + more, "tensors; nothing of it was run");
            }
            warnings.add("the pickle names " + names + more
                    + "; nothing of it was run, and torch.load(weights_only=True) refuses it");
        }
        return new PickleFile(pickle.value(), List.copyOf(tensors), List.copyOf(warnings));
    }

    private static StorageTensor tensor(StateDictWalk.NamedTensor named) {
        StorageView view = named.tensor().view();
        Optional<Kind> hint = named.hint();
        Kind kind = hint.orElseGet(() -> TensorKinds.of(named.name(), view.dtype()));
        return new StorageTensor(new TensorInfo(named.name(), view.dtype(), TensorShape.of(view.sizes()), kind), view);
    }
}
