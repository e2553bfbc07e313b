package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.interop.parameter.Parameter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The plan that PyTorch's module rules give by names and shapes alone: modules constructed in the order of the state dict, right
 * after {@code torch.manual_seed}. Nothing is compared with the weights; {@link TorchPlanner} does that.
 *
 * <p>Stateless; safe for use by many threads.
 */
public final class TorchSequence {

    private TorchSequence() {}

    /**
     * Makes the plan.
     *
     * @param parameters the checkpoint's parameters in state-dict order
     * @param names the names of all its tensors, buffers included
     * @param seed the seed
     * @param kernels the build
     * @return the plan of the parameters whose modules are recognised, in file order
     * @throws IOException if reading fails
     */
    public static TorchPlan plan(List<Parameter> parameters, Set<String> names, long seed, TorchKernels kernels)
            throws IOException {
        Map<String, TorchPlanned> planned = new HashMap<>();
        StreamPosition at = StreamPosition.START;
        for (TorchLayer layer : TorchLayers.of(parameters, names)) {
            for (TorchDraw draw : layer.first().draws()) {
                if (draw.target().isPresent() && draw.isKnown()) {
                    TorchTarget target = draw.target().get();
                    planned.put(target.name(), planned(target, draw, at, kernels));
                }
                at = draw.after(at, TorchDtype.FLOAT32);
            }
        }
        List<TorchPlanned> tensors = new ArrayList<>();
        for (Parameter parameter : parameters) {
            TorchPlanned tensor = planned.get(parameter.name());
            if (tensor != null && parameter.obstacle().isEmpty()) {
                tensors.add(tensor);
            }
        }
        return new TorchPlan(seed, tensors);
    }

    private static TorchPlanned planned(TorchTarget target, TorchDraw draw, StreamPosition at, TorchKernels kernels) {
        TorchDraw.Rule rule = draw.rules().get(0);
        return new TorchPlanned(
                target.name(),
                draw.shape(),
                target.order(),
                rule.rule(),
                rule.fan(),
                rule.scale(),
                draw.isRandom() ? at : StreamPosition.START,
                draw.zeroRow(),
                TorchDtype.FLOAT32,
                kernels.withEra(rule.era()));
    }
}
