package io.detinit.interop.shrink;

/**
 * The units of a layer.
 *
 * @param name the node's name, its first output where it has none
 * @param operator Gemm, MatMul or Conv
 * @param before how many units it made
 * @param after how many it makes now
 * @param constant how many were removed because they were constant; they went into the next bias
 * @param copies how many were removed because they computed the same as another one, whose outgoing weights they went into
 * @param unread how many were removed because every weight that read them was 0
 */
public record ShrunkLayer(String name, String operator, int before, int after, int constant, int copies, int unread) {

    /** {@return how many units were removed} */
    public int removed() {
        return before - after;
    }
}
