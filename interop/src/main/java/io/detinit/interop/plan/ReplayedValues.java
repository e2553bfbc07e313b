package io.detinit.interop.plan;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchValues;

/** Values drawn from PyTorch's generator, range by range. */
final class ReplayedValues implements InitialValues {

    private final TorchInit init;
    private final TorchValues values;

    ReplayedValues(TorchInit init) {
        this.init = init;
        this.values = new TorchValues(init);
    }

    @Override
    public TensorShape shape() {
        return init.shape();
    }

    @Override
    public boolean isRandom() {
        return init.fill().isRandom();
    }

    @Override
    public double std() {
        return std(init.fill());
    }

    private static double std(TorchFill fill) {
        if (fill instanceof TorchFill.Uniform uniform) {
            return (uniform.to() - uniform.from()) / Math.sqrt(12);
        }
        if (fill instanceof TorchFill.Normal normal) {
            return normal.std();
        }
        return fill instanceof TorchFill.ZeroRow zero ? std(zero.fill()) : 0;
    }

    @Override
    public void fill(long from, float[] destination, int offset, int count) {
        values.fill(from, destination, offset, count);
    }

    @Override
    public void fill(long from, double[] destination, int offset, int count) {
        values.fill(from, destination, offset, count);
    }
}
