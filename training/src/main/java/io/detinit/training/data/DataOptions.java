package io.detinit.training.data;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file with options: {@code FILE[,NAME=VALUE...]}. A comma that no {@code name=} follows belongs to the file's name or to the
 * value before it.
 *
 * <p>Immutable; safe for use by many threads.
 *
 * @param kind what is before the colon, for messages
 * @param file the file
 * @param values the options in their order
 */
record DataOptions(String kind, Path file, Map<String, String> values) {

    private static final Pattern OPTION = Pattern.compile("[a-z]+=.*", Pattern.DOTALL);
    private static final int MAX_AXES = 8;

    /**
     * Reads the part after the colon.
     *
     * @throws IllegalArgumentException if there is no file, an option is unknown, given twice or empty
     */
    static DataOptions parse(String kind, String text, List<String> known) {
        List<String> parts = new ArrayList<>();
        for (String piece : text.split(",", -1)) {
            if (parts.isEmpty() || OPTION.matcher(piece).matches()) {
                parts.add(piece);
            } else {
                parts.set(parts.size() - 1, parts.get(parts.size() - 1) + "," + piece);
            }
        }
        if (parts.get(0).isEmpty()) {
            throw new IllegalArgumentException(
                    "'" + kind + ":' names no file; write " + kind + ":FILE, then options such as ,holdout=0.2");
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : parts.subList(1, parts.size())) {
            String name = part.substring(0, part.indexOf('='));
            String value = part.substring(name.length() + 1);
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        kind + ": unknown option '" + name + "'; known: " + String.join(", ", known));
            }
            if (value.isEmpty()) {
                throw new IllegalArgumentException(kind + ": option '" + name + "' has no value");
            }
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException(kind + ": option '" + name + "' is given twice");
            }
        }
        return new DataOptions(kind, path(kind, parts.get(0)), values);
    }

    private static Path path(String kind, String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(kind + ": '" + text + "' is no file name: " + e.getReason());
        }
    }

    Optional<String> find(String name) {
        return Optional.ofNullable(values.get(name));
    }

    Optional<Path> path(String name) {
        return find(name).map(text -> path(kind, text));
    }

    /** {@return the part of the samples to hold out, in (0, 1)} */
    double holdout() {
        Optional<String> text = find("holdout");
        if (text.isEmpty()) {
            return Split.DEFAULT_HOLDOUT;
        }
        Double value = Numbers.parse(text.get());
        if (value == null || value <= 0 || value >= 1) {
            throw bad("holdout", "a fraction between 0 and 1, such as 0.2");
        }
        return value;
    }

    /** {@return the seed of the order of the samples, 0 where none is given} */
    long seed() {
        try {
            return find("seed").map(Long::parseLong).orElse(0L);
        } catch (NumberFormatException e) {
            throw bad("seed", "a whole number of 64 bits");
        }
    }

    /** {@return the shape of a sample, such as 1x28x28} */
    Optional<List<Integer>> shape() {
        if (find("shape").isEmpty()) {
            return Optional.empty();
        }
        List<Integer> shape = new ArrayList<>();
        long features = 1;
        for (String axis : values.getOrDefault("shape", "").split("x", -1)) {
            if (!axis.matches("[1-9][0-9]{0,8}") || shape.size() == MAX_AXES) {
                throw bad("shape", "sizes of axes such as 1x28x28");
            }
            shape.add(Integer.parseInt(axis));
            features *= Integer.parseInt(axis);
            if (features > Integer.MAX_VALUE) {
                throw bad("shape", "fewer than 2^31 features");
            }
        }
        return Optional.of(List.copyOf(shape));
    }

    /** The place of a value in a list. */
    int choice(String name, List<String> allowed) {
        int place = allowed.indexOf(values.getOrDefault(name, allowed.get(0)));
        if (place < 0) {
            throw bad(name, "one of " + String.join(", ", allowed));
        }
        return place;
    }

    IllegalArgumentException bad(String name, String expected) {
        return new IllegalArgumentException(
                String.format(Locale.ROOT, "%s: option %s=%s: expected %s", kind, name, values.get(name), expected));
    }

    /** {@return the whole without the folders of files} */
    String name() {
        StringBuilder name = new StringBuilder(kind).append(':').append(file.getFileName());
        values.forEach((key, value) -> name.append(',')
                .append(key)
                .append('=')
                .append(key.equals("test") ? path(kind, value).getFileName() : value));
        return name.toString();
    }
}
