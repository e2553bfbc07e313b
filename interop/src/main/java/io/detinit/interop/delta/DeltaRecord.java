package io.detinit.interop.delta;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a delta file says of itself.
 *
 * @param file the name of the file that was packed, without its folder
 * @param format its format, such as {@code onnx}
 * @param keepsMetadata whether that format has a place for text metadata
 * @param tool the program that packed it, and its version
 * @param exact whether every element comes back with the bits that it had
 * @param values how wide the kept values were asked to be
 * @param selection how the masks were made, as JSON; empty where every weight is kept whose bits differ
 * @param skeleton the packed file without its weights, where there is one
 * @param tensors the model's tensors in file order
 * @param metadata the packed file's own text metadata
 */
public record DeltaRecord(
        String file,
        String format,
        boolean keepsMetadata,
        String tool,
        boolean exact,
        ValueType values,
        Optional<String> selection,
        Optional<SkeletonInfo> skeleton,
        List<DeltaTensor> tensors,
        Map<String, String> metadata) {

    /** Copies the list and the map. */
    public DeltaRecord {
        tensors = List.copyOf(tensors);
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * The packed file without its weights.
     *
     * @param bytes its size
     */
    public record SkeletonInfo(long bytes) {}

    /** {@return how many weights the masks keep} */
    public long kept() {
        return tensors.stream().mapToLong(DeltaTensor::kept).sum();
    }

    /** {@return how many weights have a mask, or are initial values} */
    public long masked() {
        return tensors.stream()
                .filter(tensor -> tensor.form() == DeltaTensor.Form.MASKED || tensor.form() == DeltaTensor.Form.INITIAL)
                .mapToLong(tensor -> tensor.info().shape().elements())
                .sum();
    }

    /** {@return the bytes of all elements of the model, tied ones once} */
    public long bytes() {
        return tensors.stream()
                .filter(tensor -> tensor.form() != DeltaTensor.Form.TIED)
                .mapToLong(tensor -> tensor.info().bytes())
                .sum();
    }
}
