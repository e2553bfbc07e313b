package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Biases that kept what their modules drew where the model's own code drew the weights anew. One of three places is taken for all of them, if they
 * correlate with it: each right before its new weight, as where a constructor draws a weight again at once; or all modules
 * one after the other, from the start of the stream or up to the first new weight.
 *
 * <p>For one thread.
 */
final class TorchKeptBiases {

    /** The z that all of them together must have at the best of three places: by chance one in two million has. */
    private static final double LEAST = 5;

    private final TorchFit fit;
    private final List<TorchLayer> layers;

    TorchKeptBiases(TorchFit fit, List<TorchLayer> layers) {
        this.fit = fit;
        this.layers = layers;
    }

    /**
     * A bias where its module drew it.
     *
     * @param stop the module
     * @param draw the bias
     * @param start its first draw
     */
    record Kept(TorchRoute.Stop stop, TorchDraw draw, StreamPosition start) {

        TorchTarget target() {
            return draw.target().orElseThrow();
        }
    }

    /** The biases of modules whose weights were drawn anew, if they are not what such code clears. */
    List<Kept> find(Map<TorchLayer, TorchRoute.Stop> stops) throws IOException {
        List<Kept> best = List.of();
        double most = LEAST;
        for (List<Kept> kept : places(stops)) {
            double products = 0;
            double count = 0;
            for (Kept bias : kept) {
                long weights = fit.evidence().of(bias.target()).length;
                TorchLayer.Option alone = new TorchLayer.Option(List.of(bias.draw()));
                products += fit.z(alone, bias.start()) * Math.sqrt((double) weights);
                count += weights;
            }
            double z = count == 0 ? 0 : products / Math.sqrt(count);
            if (z > most) {
                most = z;
                best = kept;
            }
        }
        List<Kept> nearer = new ArrayList<>();
        for (Kept bias : best) {
            if (bias.stop().drawn().isAnew() && isNearer(bias)) {
                nearer.add(bias);
            }
        }
        return nearer;
    }

    /** Whether a bias lies nearer to what its module drew than to 0. */
    private boolean isNearer(Kept bias) throws IOException {
        float[] values = bias.target().values(TorchTarget.MOST);
        double[] initial = new double[values.length];
        fit.values(bias.draw(), bias.start()).fill(0, initial, 0, initial.length);
        double squares = 0;
        double differences = 0;
        for (int k = 0; k < values.length; k++) {
            squares += (double) values[k] * values[k];
            differences += (values[k] - initial[k]) * (values[k] - initial[k]);
        }
        return differences < squares;
    }

    private List<List<Kept>> places(Map<TorchLayer, TorchRoute.Stop> stops) {
        StreamPosition all = TorchLayer.drawnOnce(layers);
        long first = Long.MAX_VALUE;
        for (TorchLayer layer : layers) {
            TorchRoute.Stop stop = stops.get(layer);
            if (stop != null && stop.drawn().isAnew()) {
                first = Math.min(first, stop.start().draw());
            }
        }
        List<List<Kept>> places = new ArrayList<>(List.of(beforeWeights(stops), inOrder(stops, StreamPosition.START)));
        if (first != Long.MAX_VALUE && first > all.draw()) {
            places.add(inOrder(stops, StreamPosition.at(first - all.draw())));
        }
        return places;
    }

    private List<Kept> beforeWeights(Map<TorchLayer, TorchRoute.Stop> stops) {
        List<Kept> kept = new ArrayList<>();
        for (TorchLayer layer : layers) {
            TorchRoute.Stop stop = stops.get(layer);
            for (TorchDraw draw : cleared(layer, stop).values()) {
                long start =
                        stop == null ? -1 : stop.start().draw() - draw.shape().elements();
                if (stop != null && start >= 0) {
                    kept.add(new Kept(stop, draw, StreamPosition.at(start)));
                }
            }
        }
        return kept;
    }

    private List<Kept> inOrder(Map<TorchLayer, TorchRoute.Stop> stops, StreamPosition from) {
        List<Kept> kept = new ArrayList<>();
        StreamPosition at = from;
        for (TorchLayer layer : layers) {
            TorchRoute.Stop stop = stops.get(layer);
            Map<String, TorchDraw> cleared = cleared(layer, stop);
            for (TorchDraw draw : layer.first().draws()) {
                StreamPosition end = draw.after(at, fit.dtype());
                boolean isCleared = draw.target()
                        .filter(target -> cleared.containsKey(target.name()))
                        .isPresent();
                if (stop != null && (isCleared || isBiasAt(draw, stop, at, end))) {
                    kept.add(new Kept(stop, draw, at));
                }
                at = end;
            }
        }
        return kept;
    }

    /** Whether it is the bias of a module that draws as usual and was recognised there: it speaks for the place. */
    private static boolean isBiasAt(TorchDraw draw, TorchRoute.Stop stop, StreamPosition at, StreamPosition end) {
        return draw.isRandom()
                && draw.target().isPresent()
                && draw.shape().rank() == 1
                && !stop.drawn().isAnew()
                && stop.start().draw() <= at.draw()
                && end.draw() <= stop.end().draw();
    }

    /** The module's own draws of what is taken to have been cleared, by name. */
    private static Map<String, TorchDraw> cleared(TorchLayer layer, TorchRoute.@Nullable Stop stop) {
        Map<String, TorchDraw> cleared = new HashMap<>();
        if (stop == null || !stop.drawn().isAnew()) {
            return cleared;
        }
        for (TorchDraw draw : stop.drawn().draws()) {
            for (TorchDraw own : layer.first().draws()) {
                if (!draw.isRandom()
                        && own.isRandom()
                        && own.target().isPresent()
                        && own.target().equals(draw.target())) {
                    cleared.put(own.target().get().name(), own);
                }
            }
        }
        return cleared;
    }
}
