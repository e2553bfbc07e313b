package io.detinit.generator.torch;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * One entry of a {@link TorchPlan}.
 *
 * @param name the parameter's name, as the checkpoint has it
 * @param shape the shape as PyTorch has it, outputs first
 * @param stored which way round the checkpoint keeps it
 * @param rule the rule that filled it
 * @param fan the layer's fan; {@link TorchRule#NO_FAN} if the rule has none
 * @param scale the bound or the standard deviation of a rule that has one; {@link TorchRule#NO_SCALE} for the others
 * @param start the stream position of its first draw; {@link StreamPosition#START} where nothing is drawn
 * @param zeroRow the row that was set to zero afterwards ({@code padding_idx}), if any
 * @param dtype the dtype it was initialised in, which need not be the checkpoint's
 * @param kernels the build that made it
 */
public record TorchPlanned(
        String name,
        TensorShape shape,
        StoredOrder stored,
        TorchRule rule,
        long fan,
        double scale,
        StreamPosition start,
        OptionalLong zeroRow,
        TorchDtype dtype,
        TorchKernels kernels) {

    /**
     * Checks the entry.
     *
     * @throws InvalidPlanException if the name is empty, or the rule, the fan, the scale, the row or the stored order does not fit
     */
    public TorchPlanned {
        Objects.requireNonNull(start, "start");
        if (name.isEmpty()) {
            throw new InvalidPlanException("a tensor of the plan has no name");
        }
        stored.requireFits(name, shape);
        if (!rule.needsScale() && scale != TorchRule.NO_SCALE) {
            throw new InvalidPlanException(
                    "tensor '" + name + "': rule '" + rule.id() + "' has no scale, found " + scale);
        }
        try {
            init(0, shape, rule, fan, scale, start, zeroRow, dtype, kernels);
        } catch (IllegalArgumentException e) {
            throw new InvalidPlanException("tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    /** {@return whether values are drawn} */
    public boolean isRandom() {
        return init(0).fill().isRandom();
    }

    /**
     * The same parameter in another file.
     *
     * @param other what that file calls it
     * @param order which way round that file keeps it
     * @return the entry
     * @throws InvalidPlanException if the order does not fit the shape
     */
    public TorchPlanned named(String other, StoredOrder order) {
        return new TorchPlanned(other, shape, order, rule, fan, scale, start, zeroRow, dtype, kernels);
    }

    /**
     * The initial values under a seed.
     *
     * @param seed the seed
     * @return the values, in {@link #shape}
     */
    public TorchInit init(long seed) {
        return init(seed, shape, rule, fan, scale, start, zeroRow, dtype, kernels);
    }

    private static TorchInit init(
            long seed,
            TensorShape shape,
            TorchRule rule,
            long fan,
            double scale,
            StreamPosition start,
            OptionalLong zeroRow,
            TorchDtype dtype,
            TorchKernels kernels) {
        TorchFill fill = rule.fill(shape, fan, scale, kernels.era());
        if (zeroRow.isPresent()) {
            fill = new TorchFill.ZeroRow(fill, zeroRow.getAsLong());
        }
        return new TorchInit(seed, start, shape, dtype, fill, kernels);
    }
}
