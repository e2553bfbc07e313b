package io.detinit.interop.torch;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;

/**
 * A storage's persistent id.
 *
 * @param type the storage class
 * @param key the storage's name in the file
 * @param location the device, such as {@code cpu}
 * @param elements of the class's dtype, for UntypedStorage bytes
 */
record StorageId(Global type, String key, String location, long elements) {

    /** Takes an id apart. */
    static StorageId of(Tuple id, String file, String where) throws MalformedFileException {
        if (id.size() >= 5
                && "storage".equals(id.items().get(0))
                && id.items().get(1) instanceof Global type
                && id.items().get(3) instanceof String location
                && id.items().get(4) instanceof Long elements
                && elements >= 0
                && (id.items().get(2) instanceof String || id.items().get(2) instanceof Long)) {
            return new StorageId(type, id.items().get(2).toString(), location, elements);
        }
        throw MalformedFileException.of(
                file,
                "tensor '" + where + "'",
                "a persistent id of another kind",
                "(storage, class, key, location, elements)");
    }

    /** The file must hold what the id claims, no more and no less. */
    void checkSize(long bytes, String file, String where) throws MalformedFileException {
        int size = TorchTypes.isUntyped(type)
                ? 1
                : TorchTypes.ofStorage(type).map(DType::bytes).orElse(0);
        if (size > 0 && (elements > Long.MAX_VALUE / size || elements * size != bytes)) {
            throw MalformedFileException.of(
                    file,
                    "tensor '" + where + "', storage " + key,
                    bytes + " bytes",
                    elements + " elements of " + type.name());
        }
    }
}
