package io.detinit.interop.identify;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * One tensor of an identified file, for the table and the JSON.
 *
 * @param name its name in the file
 * @param shape its logical shape, outputs first
 * @param stored which way round the file keeps it
 * @param layer the layer id; empty for PyTorch's initialisation
 * @param draw the position in PyTorch's stream; empty for the addressable initialisation
 * @param correlation of w and w0; empty where it is not defined
 * @param logPValue the natural logarithm of the corrected p-value
 * @param found whether its initial values are proved by itself
 * @param note what else there is to say, such as that the layer id is not the default one; may be empty
 */
public record IdentifiedTensor(
        String name,
        TensorShape shape,
        StoredOrder stored,
        OptionalLong layer,
        OptionalLong draw,
        OptionalDouble correlation,
        double logPValue,
        boolean found,
        String note) {}
