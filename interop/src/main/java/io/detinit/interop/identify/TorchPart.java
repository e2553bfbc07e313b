package io.detinit.interop.identify;

import java.io.Serializable;
import java.util.List;

/**
 * What came of consecutive batches of seeds.
 *
 * @param proved the first batch with a seed that cannot be chance; negative where there is none
 * @param best the best place: of the proved batch, else of all
 */
public record TorchPart(long proved, Place best) implements Serializable {

    /** Nothing was tried. */
    static final TorchPart NONE = new TorchPart(-1, new Place(0, 0, 0, 0, 1));

    /**
     * A place on a stream, and how likely it or a better one is by chance.
     *
     * @param seed the seed of the stream
     * @param layout which layout of the weights was tried
     * @param draw the position of its first draw
     * @param z the correlation times the root of the number of weights
     * @param chance the corrected probability
     */
    public record Place(long seed, int layout, long draw, double z, double chance) implements Serializable {

        boolean isBetterThan(Place other) {
            return chance < other.chance || (chance == other.chance && z > other.z);
        }

        boolean isProof() {
            return chance < TorchChance.PROOF;
        }
    }

    /** With one more batch, the next. */
    TorchPart then(long batch, Place place) {
        if (place.isProof()) {
            return new TorchPart(batch, place);
        }
        return place.isBetterThan(best) ? new TorchPart(-1, place) : this;
    }

    /**
     * Puts parts together. The search ends with the first batch that has a proof; what later ones found does not count.
     *
     * @param parts consecutive parts in order
     * @return the whole
     */
    public static TorchPart first(List<TorchPart> parts) {
        TorchPart whole = NONE;
        for (TorchPart part : parts) {
            if (part.proved() >= 0) {
                return part;
            }
            if (part.best().isBetterThan(whole.best())) {
                whole = part;
            }
        }
        return whole;
    }
}
