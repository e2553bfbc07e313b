package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorInfo.Kind;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.torch.pickle.PickleReader.Pickle;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * TorchScript archives of {@code torch.jit.save} since PyTorch 1.3, those for the lite interpreter included: the module in
 * {@code data.pkl} with its storages in {@code data/}, and the constants of its code in {@code constants.pkl} with theirs in
 * {@code constants/}. No code is run; of its text only the lists of parameters and buffers are read ({@link ScriptClasses}).
 * Source: {@code torch/csrc/jit/serialization/export_module.cpp}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchScriptContent {

    private static final int SHOWN = 8;

    private TorchScriptContent() {}

    /** Whether an archive is one. */
    static boolean matches(TorchZip zip) {
        return zip.has("data.pkl") && zip.has("constants.pkl");
    }

    /** Reads an archive that {@link #matches}. */
    static TorchContent read(TorchZip zip) throws IOException {
        String file = zip.archive().source().name();
        ScriptClasses classes = new ScriptClasses(zip);
        Pickle data = PickleRecord.read(zip, "data.pkl");
        ScriptWalk module = new ScriptWalk(file, new Rebuild(file, storages(zip, "data/")), classes);
        module.module(data.value());
        Pickle pickledConstants = PickleRecord.read(zip, "constants.pkl");
        ScriptWalk constants = new ScriptWalk(file, new Rebuild(file, storages(zip, "constants/")), classes);
        constants.constants(pickledConstants.value());

        List<TensorView> tensors = new ArrayList<>(module.tensors());
        tensors.addAll(constants.tensors());
        List<String> warnings = new ArrayList<>(module.warnings());
        warnings.addAll(constants.warnings());
        strangers(file, List.of(data, pickledConstants), tensors.isEmpty(), warnings);
        boolean parameters =
                module.tensors().stream().anyMatch(tensor -> tensor.info().kind() == Kind.PARAMETER);
        if (!parameters && !constants.tensors().isEmpty()) {
            warnings.add("no parameters but " + constants.tensors().size()
                    + " constants: weights of a frozen module are constants without names");
        }
        if (!zip.below("bytecode/").isEmpty()) {
            warnings.add("the tensors of bytecode.pkl, copies for the lite interpreter, are not read");
        }
        return new TorchContent(
                TorchFormat.TORCHSCRIPT,
                List.copyOf(tensors),
                zip.metadata(TorchFormat.TORCHSCRIPT.metadataPrefix()),
                List.copyOf(warnings));
    }

    private static ZipStorages storages(TorchZip zip, String folder) throws IOException {
        return new ZipStorages(zip.archive(), key -> zip.root() + folder + key, zip.bigEndian());
    }

    /** Names that PyTorch's reader of TorchScript does not know. */
    private static void strangers(String file, List<Pickle> pickles, boolean noTensors, List<String> warnings)
            throws MalformedFileException {
        List<String> names = pickles.stream()
                .flatMap(pickle -> pickle.globals().stream())
                .filter(global -> !isKnown(global))
                .map(Global::path)
                .distinct()
                .toList();
        if (names.isEmpty()) {
            return;
        }
        String more = names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "";
        String shown = names.stream().limit(SHOWN).collect(Collectors.joining(", ")) + more;
        if (noTensors && pickles.stream().anyMatch(Pickle::calls)) {
            throw MalformedFileException.of(
                    file, "pickle", "no tensor but names such as " + shown, "tensors; nothing of it was run");
        }
        warnings.add("the pickles name " + shown + "; nothing of it was run, and torch.jit.load refuses it");
    }

    private static boolean isKnown(Global global) {
        return ScriptClasses.isScript(global)
                || Trust.allows(global)
                || Stream.of("torch.jit._pickle", "torch.distributed.rpc").anyMatch(global.module()::equals);
    }
}
