package io.detinit.interop.torch;

import io.detinit.interop.torch.pickle.PickleValue.Global;
import java.util.Set;

/**
 * Which globals {@code torch.load(weights_only=True)} lets pass. A verdict for messages only: here nothing is looked up, whatever
 * its name. Source: {@code torch/_weights_only_unpickler.py}.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class Trust {

    private static final Set<String> ALLOWED = Set.of(
            "collections.OrderedDict",
            "collections.Counter",
            "collections.defaultdict",
            "torch.nn.parameter.Parameter",
            "torch.nn.parameter.Buffer",
            "torch.serialization._get_layout",
            "torch.Size",
            "torch.Tensor",
            "torch.device",
            "torch._tensor._rebuild_from_type_v2",
            "torch.tensor._rebuild_from_type_v2",
            "_codecs.encode",
            "builtins.bytearray",
            "builtins.set",
            "builtins.complex",
            "builtins.dict",
            "builtins.list",
            "__builtin__.bytearray",
            "__builtin__.set",
            "__builtin__.complex",
            "__builtin__.dict",
            "__builtin__.list");

    private Trust() {}

    /** Whether a global is one of PyTorch's own ways to describe data. */
    static boolean allows(Global global) {
        String name = global.name();
        return switch (global.module()) {
            case "torch", "torch.cuda", "torch.storage", "torch.sparse" ->
                ALLOWED.contains(global.path())
                        || name.endsWith("Storage")
                        || name.endsWith("Tensor")
                        || name.startsWith("per_")
                        || TorchTypes.ofDtypeName(name).isPresent();
            case "torch._utils" -> name.startsWith("_rebuild_");
            default -> ALLOWED.contains(global.path()) || global.module().startsWith("__torch__");
        };
    }
}
