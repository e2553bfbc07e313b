package io.detinit.cli.option;

import io.detinit.interop.identify.SeedInterval;
import io.detinit.interop.identify.TorchSeeds;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/**
 * Seeds as users write them: {@code A..B}, both ends included, or one seed; each as {@link Seed} reads it, from -2^63 to
 * 2^64-1.
 *
 * @param first the first seed
 * @param last the last seed, not before the first
 */
public record SeedRange(BigInteger first, BigInteger last) {

    /** The usual small seeds. */
    public static final SeedRange SMALL = new SeedRange(BigInteger.ZERO, BigInteger.valueOf(9999));

    private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

    /**
     * Reads the values of an option.
     *
     * @param option its name, for messages
     * @param values what was given, each a range or several after commas
     * @return the ranges, in the order given
     * @throws UsageException if one is malformed or empty, or all have more than 2^63-1 seeds
     */
    public static List<SeedRange> parse(String option, List<String> values) {
        List<SeedRange> ranges = new ArrayList<>();
        BigInteger count = BigInteger.ZERO;
        for (String value : values) {
            for (String part : value.split(",", -1)) {
                SeedRange range = one(option, part.strip());
                ranges.add(range);
                count = count.add(range.count());
            }
        }
        if (count.compareTo(MOST) > 0) {
            throw new UsageException(option + ": " + count + " seeds are more than a search can count, 2^63-1");
        }
        return ranges;
    }

    private static SeedRange one(String option, String text) {
        if (text.isEmpty()) {
            throw new UsageException(option + ": a range is missing; give A..B or one seed, several after commas");
        }
        int dots = text.indexOf("..");
        if (dots < 0) {
            BigInteger seed = seed(option, text);
            return new SeedRange(seed, seed);
        }
        BigInteger first = seed(option, text.substring(0, dots));
        BigInteger last = seed(option, text.substring(dots + 2));
        if (first.compareTo(last) > 0) {
            throw new UsageException(
                    option + " " + text + ": holds no seed; the lower end comes first, as " + last + ".." + first);
        }
        return new SeedRange(first, last);
    }

    private static BigInteger seed(String option, String text) {
        try {
            long bits = Seed.parse(text).value();
            return text.strip().startsWith("-")
                    ? BigInteger.valueOf(bits)
                    : new BigInteger(Long.toUnsignedString(bits));
        } catch (CommandLine.TypeConversionException e) {
            throw new UsageException(option + ": " + e.getMessage());
        }
    }

    /** {@return how many seeds} */
    public BigInteger count() {
        return last.subtract(first).add(BigInteger.ONE);
    }

    /** {@return the same seeds as 64 bits} */
    public SeedInterval interval() {
        return new SeedInterval(first.longValue(), count().longValueExact());
    }

    /**
     * Seeds of PyTorch.
     *
     * @param ranges the ranges; none for 0 to 9999 and the seeds that people use
     * @return the seeds
     */
    static TorchSeeds torch(List<SeedRange> ranges) {
        if (ranges.isEmpty()) {
            return TorchSeeds.USUAL;
        }
        List<TorchSeeds.Range> parts = new ArrayList<>();
        for (SeedRange range : ranges) {
            long from = range.first().longValue();
            parts.add(
                    new TorchSeeds.Range(from, Math.addExact(from, range.count().longValueExact())));
        }
        return new TorchSeeds(parts);
    }
}
