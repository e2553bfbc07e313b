package io.detinit.interop.mask;

import io.detinit.generator.InitRules;
import io.detinit.generator.Scheme;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which parameters a selection is about, by their names in the file. The patterns are those of a plan's rules: {@code *} stands
 * for any characters, {@code ?} for one, and the whole name must fit.
 *
 * @param include a parameter is taken if one of these fits; none takes all
 * @param exclude a parameter is left out if one of these fits
 */
public record NameFilter(List<String> include, List<String> exclude) implements Serializable {

    /** Takes every parameter. */
    public static final NameFilter ALL = new NameFilter(List.of(), List.of());

    /** Copies the lists. */
    public NameFilter {
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
    }

    /**
     * Whether a parameter is taken.
     *
     * @param name its name
     * @return true where it is included and not excluded
     */
    public boolean takes(String name) {
        return (include.isEmpty() || include.stream().anyMatch(pattern -> fits(pattern, name)))
                && exclude.stream().noneMatch(pattern -> fits(pattern, name));
    }

    /**
     * A pattern that does nothing, which is most likely a slip.
     *
     * @param names the names that there are
     * @return the first pattern that fits none of them, empty where each fits one
     */
    public Optional<String> unused(Collection<String> names) {
        return Stream.concat(include.stream(), exclude.stream())
                .filter(pattern -> names.stream().noneMatch(name -> fits(pattern, name)))
                .findFirst();
    }

    private static boolean fits(String pattern, String name) {
        return InitRules.of(Scheme.ZEROS).with(pattern, Scheme.ZEROS).find(name).isPresent();
    }
}
