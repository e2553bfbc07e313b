package io.detinit.training.lottery;

import java.util.Arrays;
import java.util.Locale;

/** What is trained in a round: the ticket itself, or a control that shares only a part of it. */
public enum Variant {
    /** The masks of the round and the rewound weights of the seed that the masks were found with. */
    TICKET,
    /** The same masks on weights of another seed, with the sample order of that seed, trained alike. */
    REINIT,
    /** The weights and the sample order of the ticket; as many weights of each layer, but random ones, are kept. */
    SHUFFLE;

    /** {@return the name on the command line and in files} */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** {@return whether it is a control} */
    public boolean isControl() {
        return this != TICKET;
    }

    /**
     * Reads the name of a control.
     *
     * @param name as {@link #id} writes it
     * @return the control
     * @throws IllegalArgumentException if it is none; the message lists the known ones
     */
    public static Variant parseControl(String name) {
        return Arrays.stream(values())
                .filter(Variant::isControl)
                .filter(variant -> variant.id().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "unknown control '" + name + "'; known: reinit (the same masks on weights of another seed), "
                                + "shuffle (random masks of the same layer sizes)"));
    }
}
