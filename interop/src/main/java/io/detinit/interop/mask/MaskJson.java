package io.detinit.interop.mask;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What written masks come to, as the JSON of the command line. Stateless. */
public final class MaskJson {

    private MaskJson() {}

    /**
     * One mask.
     *
     * @param name the parameter's name
     * @param shape the axes as the mask lies in its file
     * @param elements how many weights it has
     * @param kept how many are kept
     */
    public record Entry(String name, List<Long> shape, long elements, long kept) {

        /** Copies the list. */
        public Entry {
            shape = List.copyOf(shape);
        }

        /**
         * A mask in memory.
         *
         * @param name the parameter's name
         * @param mask its mask
         * @return the entry
         */
        public static Entry of(String name, Mask mask) {
            List<Long> shape = Arrays.stream(mask.shape().dims()).boxed().toList();
            return new Entry(name, shape, mask.size(), mask.kept());
        }
    }

    /**
     * The fields that say what was selected.
     *
     * @param object receives them
     * @param selection the selection
     */
    public static void put(ObjectNode object, Selection selection) {
        object.put("criterion", selection.criterion().id());
        if (selection.target() instanceof Selection.Pattern pattern) {
            object.put("pattern", pattern.id());
        } else {
            object.put("scope", selection.scope().id());
        }
    }

    /**
     * The fields that every set of written masks has.
     *
     * @param object receives them
     * @param output where they were written
     * @param masks the masks in file order
     * @param bytes what they take on disk
     */
    public static void put(ObjectNode object, String output, List<Entry> masks, long bytes) {
        long elements = masks.stream().mapToLong(Entry::elements).sum();
        long kept = masks.stream().mapToLong(Entry::kept).sum();
        object.put("output", output);
        object.put("elements", elements);
        object.put("kept", kept);
        object.put("sparsity", sparsity(elements, kept));
        ArrayNode tensors = object.putArray("tensors");
        for (Entry mask : masks) {
            ObjectNode tensor = tensors.addObject().put("name", mask.name());
            mask.shape().forEach(tensor.putArray("shape")::add);
            tensor.put("elements", mask.elements())
                    .put("kept", mask.kept())
                    .put("sparsity", sparsity(mask.elements(), mask.kept()));
        }
        object.put("bytes", bytes);
    }

    /**
     * Where rankings were cut: {@code cut} of the whole, null where there is none or there are several; with several, that of each
     * tensor. Beside one among weights that changed sign stands {@code cutChangedSign}.
     *
     * @param object has the tensors; receives the cuts
     * @param selected where rankings were cut
     */
    public static void put(ObjectNode object, Cuts selected) {
        Optional<Cut> one = selected.cut();
        object.putNull("cut");
        one.ifPresent(cut -> put(object, cut));
        if (one.isEmpty()) {
            for (JsonNode tensor : object.path("tensors")) {
                Cut cut = selected.cuts().get(tensor.path("name").asText());
                if (cut != null && tensor instanceof ObjectNode fields) {
                    put(fields, cut);
                }
            }
        }
        selected.protectedNames().forEach(object.putArray("protected")::add);
    }

    private static void put(ObjectNode object, Cut cut) {
        if (Double.isFinite(cut.score())) {
            object.put("cut", cut.score());
        }
        if (cut.changedSign()) {
            object.put("cutChangedSign", true);
        }
    }

    private static double sparsity(long elements, long kept) {
        return elements == 0 ? 0 : (double) (elements - kept) / elements;
    }
}
