package io.detinit.interop.transfer;

import io.detinit.interop.parallel.Parallel;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Finds for each parameter of the receiving file the one of the other file that it is: first those whose weights are the same,
 * then those that were scaled, at last those that were trained further.
 */
final class Matching {

    /** The least correlation by which weights that were trained further are known without a name. */
    private static final double RELATED = 0.9;

    /** Standard deviations by which that correlation must lie above chance. */
    private static final double SURE = 7;

    /** The least correlation that says which way round a square matrix lies. */
    private static final double ORIENTING = 0.5;

    /** The least elements of a tensor that is known by rounded values alone. */
    private static final int LEAST_ROUNDED = 8;

    private final List<Source> sources;
    private final List<Parameter> targets;
    private final Names names;
    private final int threads;
    private final Map<String, Found> found = new HashMap<>();

    Matching(List<Source> sources, List<Parameter> targets, int threads) {
        this.sources = sources;
        this.targets = targets;
        this.names = new Names(sources, targets);
        this.threads = threads;
    }

    /** One way of finding what a parameter is. */
    private interface Stage {
        Optional<Found> find(Comparer comparer, Parameter target, Set<Source> taken) throws IOException;
    }

    /** By the names of the receiving file's parameters, in its order; what is not found is missing. */
    Map<String, Found> run() throws IOException {
        stage(this::sameByName);
        stage(this::sameByContent);
        stage(this::scaledByName);
        stage(this::scaledByContent);
        stage(this::differingByName);
        stage(this::related);
        Map<String, Found> inOrder = new LinkedHashMap<>();
        for (Parameter target : targets) {
            Found one = found.get(target.name());
            if (one != null) {
                inOrder.put(target.name(), one);
            }
        }
        return inOrder;
    }

    private void stage(Stage stage) throws IOException {
        List<Parameter> open = targets.stream()
                .filter(target -> !found.containsKey(target.name()))
                .toList();
        Set<Source> taken = new HashSet<>();
        found.values().forEach(one -> taken.add(one.source()));
        List<Optional<Found>> results = Parallel.run(
                threads, open.size(), Comparer::new, (comparer, k) -> stage.find(comparer, open.get((int) k), taken));
        Map<Source, Integer> guesses = new HashMap<>();
        results.forEach(result ->
                result.filter(Matching::isGuess).ifPresent(one -> guesses.merge(one.source(), 1, Integer::sum)));
        for (int k = 0; k < open.size(); k++) {
            Optional<Found> result = results.get(k);
            if (result.isPresent()
                    && (!isGuess(result.get())
                            || guesses.getOrDefault(result.get().source(), 0) == 1)) {
                found.put(open.get(k).name(), result.get());
            }
        }
    }

    /** A match that neither a name nor the values confirm. */
    private static boolean isGuess(Found one) {
        return one.how() == How.CONTENT && one.content() == Content.DIFFERS;
    }

    private Optional<Found> sameByName(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        Optional<Names.Candidate> candidate = names.of(target);
        return candidate.isEmpty()
                ? Optional.empty()
                : same(
                        comparer,
                        candidate.get().source(),
                        target,
                        candidate.get().how());
    }

    private static Optional<Found> same(Comparer comparer, Source source, Parameter target, How how)
            throws IOException {
        for (boolean transposed : source.orientations(target)) {
            Optional<Content> content = comparer.same(source.stored(), Comparer.view(target.stored(), transposed));
            if (content.isPresent()) {
                return Optional.of(Found.of(source, how, transposed, content.get()));
            }
        }
        return Optional.empty();
    }

    /** The only source whose values these are; of several such, one if all have the same mask. */
    private Optional<Found> sameByContent(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        List<Found> all = new ArrayList<>();
        for (Source source : sources) {
            Optional<Found> one = same(comparer, source, target, How.CONTENT);
            boolean tells = one.isPresent()
                    && (one.get().content() == Content.IDENTICAL
                            || source.shape().elements() >= LEAST_ROUNDED)
                    && comparer.varies(source.stored());
            if (tells) {
                all.add(one.get());
            }
        }
        boolean sameMask = all.stream()
                .allMatch(one -> one.transposed() == all.get(0).transposed()
                        && Objects.equals(
                                one.source().mask(), all.get(0).source().mask()));
        return sameMask ? all.stream().findFirst() : Optional.empty();
    }

    private Optional<Found> scaledByName(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        Optional<Names.Candidate> candidate = names.of(target);
        return candidate.isEmpty()
                ? Optional.empty()
                : scaled(
                        comparer,
                        candidate.get().source(),
                        target,
                        candidate.get().how());
    }

    private static Optional<Found> scaled(Comparer comparer, Source source, Parameter target, How how)
            throws IOException {
        for (boolean transposed : source.orientations(target)) {
            TensorView view = Comparer.view(target.stored(), transposed);
            if (comparer.scaled(source.stored(), view, 0) || comparer.scaled(source.stored(), view, 1)) {
                return Optional.of(Found.of(source, how, transposed, Content.SCALED));
            }
        }
        return Optional.empty();
    }

    private Optional<Found> scaledByContent(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        List<Found> all = new ArrayList<>();
        for (Source source : sources) {
            if (!taken.contains(source)) {
                scaled(comparer, source, target, How.CONTENT).ifPresent(all::add);
            }
        }
        return all.size() == 1 ? Optional.of(all.get(0)) : Optional.empty();
    }

    private Optional<Found> differingByName(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        Optional<Names.Candidate> candidate = names.of(target);
        if (candidate.isEmpty()
                || (candidate.get().how() != How.NAME
                        && taken.contains(candidate.get().source()))) {
            return Optional.empty();
        }
        Source source = candidate.get().source();
        List<Found> possible = new ArrayList<>();
        for (boolean transposed : source.orientations(target)) {
            double r =
                    comparer.correlation(source.stored(), Comparer.view(target.stored(), transposed), Long.MAX_VALUE);
            possible.add(new Found(source, candidate.get().how(), transposed, Content.DIFFERS, r));
        }
        if (possible.size() == 2 && Math.abs(possible.get(1).correlation()) >= ORIENTING) {
            possible.sort((one, other) -> Double.compare(other.correlation(), one.correlation()));
        }
        boolean told = possible.size() < 2
                || possible.get(0).correlation() >= ORIENTING
                || (source.parameter().orderKnown() && target.orderKnown());
        return told ? possible.stream().findFirst() : Optional.empty();
    }

    private Optional<Found> related(Comparer comparer, Parameter target, Set<Source> taken) throws IOException {
        List<Found> all = new ArrayList<>();
        for (Source source : sources) {
            if (taken.contains(source) || source.shape().rank() < 2) {
                continue;
            }
            double least =
                    Math.max(RELATED, SURE / Math.sqrt((double) source.shape().elements()));
            for (boolean transposed : source.orientations(target)) {
                TensorView view = Comparer.view(target.stored(), transposed);
                if (comparer.correlation(source.stored(), view, Comparer.SAMPLE) >= least) {
                    double r = comparer.correlation(source.stored(), view, Long.MAX_VALUE);
                    all.add(new Found(source, How.CONTENT, transposed, Content.DIFFERS, r));
                }
            }
        }
        return all.size() == 1 ? Optional.of(all.get(0)).filter(one -> one.correlation() >= RELATED) : Optional.empty();
    }
}
