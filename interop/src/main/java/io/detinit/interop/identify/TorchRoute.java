package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Follows a model's constructor along the stream, module by module: each one is expected where the one before it ended, else among the
 * copies of those before, else wherever on the stream it fits.
 *
 * <p>A module too small or too much trained to be recognised leaves several ways open, which the next recognised module
 * decides between. Mutable; for one thread.
 */
final class TorchRoute {

    /** Ways that are kept open at once. */
    private static final int OPEN = 64;

    /** The chance below which a module lies beside another one, of those few that it may lie beside. */
    private static final double CLEAR = 1e-3;

    /** Twice the logarithm of the odds that still leave two ways to draw open. */
    private static final double UNDECIDED = 10;

    private final TorchFit fit;
    private final List<TorchLayer> layers;
    private final long positions;
    private Optional<Map<TorchLayer, TorchLocator.Found>> located = Optional.empty();

    TorchRoute(TorchFit fit, List<TorchLayer> layers, long positions) {
        this.fit = fit;
        this.layers = layers.stream().filter(TorchLayer::isRandom).toList();
        this.positions = positions;
    }

    /**
     * One module on a way.
     *
     * @param before the module before it; empty for where a way begins
     * @param layer the module
     * @param option how it draws
     * @param start its first draw
     * @param end where the next module is expected
     * @param how how it came there
     * @param z how well it fits
     * @param pValue the chance of that; below {@link TorchChance#PROOF} it is recognised
     */
    record Stop(
            Optional<Stop> before,
            Optional<TorchLayer> layer,
            Optional<TorchLayer.Option> option,
            StreamPosition start,
            StreamPosition end,
            TorchPlacement.How how,
            double z,
            double pValue) {

        boolean isRecognised() {
            return pValue < TorchChance.PROOF;
        }

        Stop with(double chance) {
            return new Stop(before, layer, option, start, end, how, z, chance);
        }

        static Stop begin(StreamPosition start) {
            return new Stop(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    start,
                    start,
                    TorchPlacement.How.SEQUENCE,
                    0,
                    1);
        }

        TorchLayer.Option drawn() {
            return option.orElseThrow();
        }
    }

    /**
     * Follows the constructor.
     *
     * @param hint where the first module, or the one named, may begin
     */
    Map<TorchLayer, Stop> follow(Optional<TorchHit> hint) throws IOException {
        List<Stop> ways = new ArrayList<>(List.of(Stop.begin(StreamPosition.START)));
        hint.filter(hit -> hit.layer().isEmpty() && hit.draw() > 0)
                .ifPresent(hit -> ways.add(Stop.begin(StreamPosition.at(hit.draw()))));
        StreamPosition again = TorchLayer.drawnOnce(layers);
        if (again.draw() < TorchSearch.FARTHEST) {
            ways.add(Stop.begin(again)); // where a model's own code goes through all modules once more
        }
        List<Stop> open = ways;
        Map<TorchLayer, Stop> recognised = new LinkedHashMap<>();
        for (TorchLayer layer : layers) {
            OptionalLong near = hint.filter(hit -> hit.layer().equals(layer.path()))
                    .map(hit -> OptionalLong.of(hit.draw()))
                    .orElse(OptionalLong.empty());
            open = next(open, layer, recognised, near);
            Stop best = open.get(0);
            if (best.isRecognised()) {
                recognised.put(layer, best);
            }
        }
        return settled(last(open));
    }

    /** Of the ways that are open at the end the one whose last module draws as most of the others do. */
    private static Stop last(List<Stop> open) {
        int anew = 0;
        for (Stop stop : way(open.get(0))) {
            if (!stop.equals(open.get(0)) && stop.drawn().draws().size() > 1) {
                anew += stop.drawn().isAnew() ? 1 : -1;
            }
        }
        boolean most = anew > 0;
        return open.stream()
                .filter(stop -> stop.layer().isPresent() && stop.drawn().isAnew() == most)
                .findFirst()
                .orElse(open.get(0));
    }

    private static List<Stop> way(Stop last) {
        List<Stop> way = new ArrayList<>();
        for (Optional<Stop> at = Optional.of(last);
                at.isPresent() && at.get().layer().isPresent();
                at = at.get().before()) {
            way.add(0, at.get());
        }
        return way;
    }

    private List<Stop> next(List<Stop> open, TorchLayer layer, Map<TorchLayer, Stop> recognised, OptionalLong near)
            throws IOException {
        List<Stop> straight = new ArrayList<>();
        for (Stop way : open) {
            for (TorchLayer.Option option : layer.options()) {
                straight.add(stop(way, layer, option, way.end(), TorchPlacement.How.SEQUENCE));
            }
        }
        List<Stop> proven = proven(straight, straight.size());
        if (proven.isEmpty()) {
            proven = exact(straight);
        }
        if (proven.isEmpty()) {
            proven = proven(copies(open.get(0), layer, recognised), Math.max(1, recognised.size()));
        }
        if (proven.isEmpty()) {
            proven = elsewhere(open.get(0), layer, near);
        }
        return proven.isEmpty() ? distinct(straight) : proven;
    }

    private Stop stop(
            Stop before, TorchLayer layer, TorchLayer.Option option, StreamPosition at, TorchPlacement.How how)
            throws IOException {
        StreamPosition end = how == TorchPlacement.How.COPY ? before.end() : option.after(at, fit.dtype());
        double z = fit.z(option, at);
        return new Stop(
                Optional.of(before), Optional.of(layer), Optional.of(option), at, end, how, z, TorchChance.of(z, 1));
    }

    /**
     * Those that fit best, if that is no chance: several ways to draw from one place, the likelier ones first, where the weights hardly
     * tell between them, so that the next module does.
     */
    private List<Stop> proven(List<Stop> stops, double tries) {
        Optional<Stop> best = stops.stream().max(Comparator.comparingDouble(Stop::z));
        double most = best.map(Stop::z).orElse(0.0);
        double chance = TorchChance.of(most, tries * layers.size());
        if (best.isEmpty() || !(chance < TorchChance.PROOF)) {
            return List.of();
        }
        return stops.stream()
                .filter(stop -> stop.start().equals(best.get().start()) && stop.z() > 0)
                .filter(stop -> stop.z() * stop.z() > most * most - UNDECIDED)
                .map(stop -> stop.with(chance))
                .toList();
    }

    /** Those of which so many weights have their first bits that it is no chance, however few there are. */
    private List<Stop> exact(List<Stop> stops) throws IOException {
        List<Stop> exact = new ArrayList<>();
        long most = 0;
        for (Stop stop : stops) {
            long identical = fit.identical(stop.drawn(), stop.start());
            double chance = TorchChance.ofBits(identical, stop.drawn().weights()) * stops.size() * layers.size();
            if (chance < TorchChance.PROOF && identical >= most) {
                if (identical > most) {
                    exact.clear();
                }
                most = identical;
                exact.add(stop.with(chance));
            }
        }
        return exact;
    }

    private List<Stop> copies(Stop before, TorchLayer layer, Map<TorchLayer, Stop> recognised) throws IOException {
        List<Stop> copies = new ArrayList<>();
        for (Stop source : recognised.values()) {
            for (TorchLayer.Option option : layer.options()) {
                if (shapes(option).equals(shapes(source.drawn()))) {
                    copies.add(stop(before, layer, option, source.start(), TorchPlacement.How.COPY));
                }
            }
        }
        return copies;
    }

    private static List<Object> shapes(TorchLayer.Option option) {
        return option.draws().stream()
                .map(draw -> List.<Object>of(
                        draw.shape(), draw.rules().stream().limit(1).toList()))
                .map(Object.class::cast)
                .toList();
    }

    private List<Stop> elsewhere(Stop before, TorchLayer layer, OptionalLong near) throws IOException {
        List<Stop> stops = new ArrayList<>();
        double tries = 1;
        if (near.isPresent()) {
            tries = 2.0 * positions;
            for (TorchLayer.Option option : layer.options()) {
                stops.add(stop(before, layer, option, StreamPosition.at(near.getAsLong()), TorchPlacement.How.FOUND));
            }
        } else {
            TorchLocator.Found found = located().get(layer);
            if (found != null) {
                tries = found.tries();
                StreamPosition at = StreamPosition.at(found.draw());
                for (TorchLayer.Option option : layer.options()) {
                    stops.add(stop(before, layer, option, at, TorchPlacement.How.FOUND));
                }
            }
        }
        return proven(stops, tries);
    }

    private Map<TorchLayer, TorchLocator.Found> located() throws IOException {
        if (located.isEmpty()) {
            located = Optional.of(new TorchLocator(fit, positions).locate(layers));
        }
        return located.get();
    }

    /** Of the ways that end at one place the likeliest. */
    private static List<Stop> distinct(List<Stop> stops) {
        Map<StreamPosition, Stop> byEnd = new LinkedHashMap<>();
        stops.forEach(stop -> byEnd.putIfAbsent(stop.end(), stop));
        return byEnd.values().stream().limit(OPEN).toList();
    }

    /** The way that led to a stop, of which those parts are kept that something supports. */
    private Map<TorchLayer, Stop> settled(Stop last) throws IOException {
        List<Stop> way = way(last);
        Map<TorchLayer, Stop> settled = new HashMap<>();
        for (int k = 0; k < way.size(); k++) {
            if (way.get(k).isRecognised()) {
                settled.put(layerOf(way.get(k)), way.get(k));
            }
        }
        if (settled.isEmpty()) {
            return settled;
        }
        for (int from = 0; from < way.size(); ) {
            int end = from;
            while (end < way.size() && !way.get(end).isRecognised()) {
                end++;
            }
            if (end > from) {
                bridge(way, from, end).forEach(stop -> settled.put(layerOf(stop), stop));
            }
            from = end + 1;
        }
        return settled;
    }

    private static TorchLayer layerOf(Stop stop) {
        return Objects.requireNonNull(stop.layer().orElse(null));
    }

    /** Places modules that were not recognised, from one of the way to another, by those around them. */
    private List<Stop> bridge(List<Stop> way, int from, int end) throws IOException {
        List<Stop> between = way.subList(from, end);
        if (end < way.size() && way.get(end).how() == TorchPlacement.How.SEQUENCE) {
            return between; // the next one was recognised right after them
        }
        if (isScattered(way)) {
            return besideAny(between, way);
        }
        if (end == way.size()) {
            return from == 0 ? List.of() : between; // after the last one recognised
        }
        Stop after = way.get(end);
        if (after.how() == TorchPlacement.How.COPY) {
            return from == 0 ? List.of() : between;
        }
        return backwards(between, after, from == 0 ? Optional.empty() : Optional.of(way.get(from - 1)));
    }

    /** Whether the modules' order in the file is not that of their construction: one that was recognised does not follow the others. */
    private static boolean isScattered(List<Stop> way) {
        return way.stream().filter(Stop::isRecognised).skip(1).anyMatch(stop -> stop.how() == TorchPlacement.How.FOUND);
    }

    /** Each beside that recognised module, right before it or after it, where it fits clearly; the others nowhere. */
    private List<Stop> besideAny(List<Stop> between, List<Stop> way) throws IOException {
        List<Stop> placed = new ArrayList<>();
        for (Stop stop : between) {
            TorchLayer layer = layerOf(stop);
            List<Stop> candidates = new ArrayList<>();
            for (Stop neighbour : way.stream().filter(Stop::isRecognised).toList()) {
                for (TorchLayer.Option option : layer.options()) {
                    candidates.add(stop(stop, layer, option, neighbour.end(), TorchPlacement.How.NEIGHBOURS));
                    long before = neighbour.start().draw()
                            - option.after(StreamPosition.START, fit.dtype()).draw();
                    if (before >= 0) {
                        StreamPosition at = StreamPosition.at(before);
                        candidates.add(stop(stop, layer, option, at, TorchPlacement.How.NEIGHBOURS));
                    }
                }
            }
            candidates.stream()
                    .max(Comparator.comparingDouble(Stop::z))
                    .filter(best -> TorchChance.of(best.z(), candidates.size()) < CLEAR)
                    .ifPresent(placed::add);
        }
        return placed;
    }

    /** Right before a module that was found elsewhere, unless something is in the way. */
    private List<Stop> backwards(List<Stop> between, Stop after, Optional<Stop> previous) throws IOException {
        List<Stop> placed = new ArrayList<>();
        long at = after.start().draw();
        for (int k = between.size() - 1; k >= 0; k--) {
            Stop stop = between.get(k);
            TorchLayer.Option option = layerOf(stop).first();
            at -= option.after(StreamPosition.START, fit.dtype()).draw();
            if (at < 0) {
                return List.of();
            }
            StreamPosition start = StreamPosition.at(at);
            placed.add(new Stop(
                    stop.before(),
                    stop.layer(),
                    Optional.of(option),
                    start,
                    option.after(start, fit.dtype()),
                    TorchPlacement.How.NEIGHBOURS,
                    0,
                    TorchChance.of(fit.z(option, start), 1)));
        }
        boolean overlaps = false;
        if (previous.isPresent()) {
            long ended = previous.get().end().draw();
            overlaps =
                    at < ended && after.start().draw() > previous.get().start().draw();
        }
        placed.sort(Comparator.comparingLong(stop -> stop.start().draw()));
        return overlaps ? List.of() : placed;
    }
}
