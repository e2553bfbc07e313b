package io.detinit.interop.identify;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds modules on the stream of a known seed by trying every position. For one thread.
 */
final class TorchLocator {

    /** The fewest weights for which it is worth trying. */
    private static final int FEWEST = 40;

    /** Probes that are kept in memory at once: 130 to 400 KB each. */
    private static final int TOGETHER = 64;

    private final TorchFit fit;
    private final long positions;

    TorchLocator(TorchFit fit, long positions) {
        this.fit = fit;
        this.positions = positions;
    }

    /**
     * A place at which a module fits best.
     *
     * @param option the way it draws
     * @param draw its first draw
     * @param z how well
     * @param tries how many places were tried
     */
    record Found(TorchLayer.Option option, long draw, double z, double tries) {}

    private record Probed(TorchLayer layer, TorchLayer.Option option, TorchProbe probe) {}

    /** The best places of those modules that have enough weights. */
    Map<TorchLayer, Found> locate(List<TorchLayer> layers) throws IOException {
        Map<TorchLayer, Found> found = new HashMap<>();
        List<Probed> probes = new ArrayList<>();
        for (TorchLayer layer : layers) {
            for (TorchLayer.Option option : layer.options()) {
                if (option.isUniformAnew() && !option.equals(layer.first())) {
                    continue; // the same weights
                }
                TorchAnchor anchor = fit.evidence().anchor(List.of(option), fit.dtype());
                if (anchor.weights() >= FEWEST) {
                    probes.add(new Probed(layer, option, new TorchProbe(anchor)));
                }
            }
            if (probes.size() >= TOGETHER) {
                slide(probes, found, layers.size());
                probes.clear();
            }
        }
        slide(probes, found, layers.size());
        return found;
    }

    private void slide(List<Probed> probes, Map<TorchLayer, Found> found, int layers) {
        if (probes.isEmpty()) {
            return;
        }
        Set<TorchAnchor.Part> parts = EnumSet.noneOf(TorchAnchor.Part.class);
        probes.forEach(probed -> parts.addAll(probed.probe().parts()));
        TorchCorrelator correlator = new TorchCorrelator();
        TorchStretch one = new TorchStretch(fit.stream().at(0), 0);
        long half =
                (positions / 2 + TorchCorrelator.POSITIONS - 1) / TorchCorrelator.POSITIONS * TorchCorrelator.POSITIONS;
        TorchStretch two = new TorchStretch(fit.stream().at(half), half);
        double tries = 2.0 * half * layers * 2;
        for (long start = 0; start < half; start += TorchCorrelator.POSITIONS) {
            correlator.load(one.next(), two.next(), parts);
            for (Probed probed : probes) {
                TorchCorrelator.Best best = correlator.slide(probed.probe());
                keep(found, probed, new Found(probed.option(), start + best.first(), best.firstZ(), tries));
                keep(found, probed, new Found(probed.option(), half + start + best.second(), best.secondZ(), tries));
            }
        }
    }

    private static void keep(Map<TorchLayer, Found> found, Probed probed, Found place) {
        found.merge(probed.layer(), place, (a, b) -> b.z() > a.z() ? b : a);
    }
}
