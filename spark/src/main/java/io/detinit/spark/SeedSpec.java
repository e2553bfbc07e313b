package io.detinit.spark;

import io.detinit.generator.PlannedTensor;
import io.detinit.interop.file.ByteSource;
import io.detinit.interop.identify.SeedTensor;
import io.detinit.interop.tensor.FileTensor;
import io.detinit.interop.tensor.TensorInfo;
import java.io.Serializable;

/**
 * A tensor that is compared with the initial values of a seed, as executors see it.
 *
 * @param file the file, as Hadoop names it
 * @param position the first byte of the elements there
 * @param info the tensor as the file has it
 * @param planned the address of its initial values
 * @param orderKnown whether the file says which way round it keeps the tensor
 */
record SeedSpec(String file, long position, TensorInfo info, PlannedTensor planned, boolean orderKnown)
        implements Serializable {

    static SeedSpec of(SeedTensor tensor) {
        if (!(tensor.stored() instanceof FileTensor stored && stored.bytes().origin() instanceof HadoopBytes file)) {
            throw new IllegalStateException(tensor.planned().name() + " does not lie in one piece of a file");
        }
        return new SeedSpec(
                file.path().toString(),
                stored.bytes().filePosition(0),
                stored.info(),
                tensor.planned(),
                tensor.orderKnown());
    }

    /** The tensor on the machine that has opened its file. */
    SeedTensor open(ByteSource source) {
        return new SeedTensor(planned, FileTensor.in(info, source, position), orderKnown);
    }
}
