package io.detinit.interop.parameter;

import io.detinit.interop.onnx.WeightUse;
import io.detinit.interop.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Names of parameters without what training code and exporters did to them. */
final class CanonicalNames {

    /** Put before every name by DataParallel and DistributedDataParallel, and by torch.compile. */
    private static final List<String> WRAPPERS = List.of("module.", "_orig_mod.");

    /** Keys under which training scripts keep the state dict. */
    private static final List<String> CONTAINERS =
            List.of("model_state_dict.", "state_dict.", "model_state.", "net_state_dict.");

    /** What the exporter calls a value that it computed, such as {@code onnx::MatMul_499} and {@code val_0}. */
    private static final Pattern MADE_UP = Pattern.compile("onnx::\\w+_\\d+|val_\\d+|\\d+");

    private static final Pattern FOLDED_CONVOLUTION = Pattern.compile("onnx::Conv(Transpose)?_\\d+");

    private CanonicalNames() {}

    static String of(String name) {
        String rest = name;
        for (String container : CONTAINERS) {
            if (rest.startsWith(container)) {
                rest = rest.substring(container.length());
                break;
            }
        }
        boolean again = true;
        while (again) {
            again = false;
            for (String wrapper : WRAPPERS) {
                if (rest.startsWith(wrapper) && rest.length() > wrapper.length()) {
                    rest = rest.substring(wrapper.length());
                    again = true;
                }
            }
        }
        return rest;
    }

    static String of(TensorInfo info, Optional<WeightUse> use, Optional<String> modulePath) {
        String name = of(info.name());
        if (modulePath.isEmpty() || use.isEmpty() || !MADE_UP.matcher(name).matches()) {
            return name;
        }
        boolean bias = use.get().layout() == WeightUse.Layout.BIAS || use.get().layout() == WeightUse.Layout.NORM_SHIFT;
        return of(modulePath.get() + (bias ? ".bias" : ".weight"));
    }

    /** A name with PyTorch's words for what a norm holds. */
    static String inTorchWords(String name) {
        int end = name.lastIndexOf('.') + 1;
        return name.substring(0, end)
                + switch (name.substring(end)) {
                    case "gamma" -> "weight";
                    case "beta" -> "bias";
                    case "moving_mean", "runningMean" -> "running_mean";
                    case "moving_variance", "moving_var", "runningVar" -> "running_var";
                    default -> name.substring(end);
                };
    }

    /** What a name says of the parameter's role in its layer. */
    static ParameterRole role(String name) {
        return ParameterRole.of(inTorchWords(name));
    }

    /**
     * Whether the exporter made this weight of a convolution. It keeps the names of convolutions that it leaves alone, so a made-up
     * one says that a BatchNorm was multiplied into it.
     */
    static boolean isFoldedConvolution(String name) {
        return FOLDED_CONVOLUTION.matcher(name).matches();
    }
}
