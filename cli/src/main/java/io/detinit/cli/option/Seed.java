package io.detinit.cli.option;

import io.detinit.interop.plan.SeedText;
import picocli.CommandLine;

/**
 * A seed as users write it: decimal or 0x hex, from -2^63 to 2^64-1.
 *
 * @param value the 64 bits
 */
public record Seed(long value) {

    /**
     * Reads a seed, as picocli converts an option.
     *
     * @param text decimal or 0x hex
     * @return the seed
     * @throws CommandLine.TypeConversionException if it is none
     */
    public static Seed parse(String text) {
        try {
            return new Seed(SeedText.parse(text));
        } catch (IllegalArgumentException e) {
            throw new CommandLine.TypeConversionException(e.getMessage());
        }
    }
}
