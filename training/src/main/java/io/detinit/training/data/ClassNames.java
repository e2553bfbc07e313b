package io.detinit.training.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What classes are called. Stateless; safe for use by many threads. */
final class ClassNames {

    /** More classes than this are taken for a column that holds none. */
    static final int MAX_CLASSES = 1 << 16;

    /** Zalando's, in the order of the labels. */
    static final List<String> FASHION_MNIST = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    /** Those of {@code batches.meta.txt}. */
    static final List<String> CIFAR10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** Whole numbers up to this one are exact. */
    private static final double MAX_WHOLE = 0x1p53;

    private ClassNames() {}

    /** The numbers of the classes, as names. */
    static List<String> numbers(int classes) {
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }

    static List<String> checked(List<String> names, int classes) {
        if (names.size() != classes) {
            throw new IllegalArgumentException(names.size() + " names for " + classes + " classes");
        }
        return List.copyOf(names);
    }

    /**
     * The names of classes in their order: by number where all are numbers, else as text, by UTF-16 code unit.
     *
     * @param labels every label once
     * @return the names; the place of a name is the number of its class
     */
    static List<String> sorted(Collection<String> labels) {
        List<String> names = new ArrayList<>(labels);
        boolean numbers = labels.stream().allMatch(label -> Numbers.parse(label) != null);
        names.sort(numbers ? Comparator.comparing(ClassNames::number).thenComparing(name -> name) : null);
        return names;
    }

    private static double number(String name) {
        Double value = Numbers.parse(name);
        return value == null ? Double.NaN : value;
    }

    /** A label as a class name: whole numbers in one spelling, {@code 1} for {@code 1.0}; other text as it is. */
    static String of(String label) {
        Double value = Numbers.parse(label);
        return value == null || !isWhole(value) ? label : Long.toString(value.longValue());
    }

    /** The first of numeric labels that is no whole number; null where there is none, or some label is no number. */
    static @Nullable String fraction(Collection<String> labels) {
        String found = null;
        for (String label : labels) {
            Double value = Numbers.parse(label);
            if (value == null) {
                return null;
            }
            found = found == null && !isWhole(value) ? label : found;
        }
        return found;
    }

    private static boolean isWhole(double value) {
        return Math.rint(value) == value && Math.abs(value) <= MAX_WHOLE;
    }
}
