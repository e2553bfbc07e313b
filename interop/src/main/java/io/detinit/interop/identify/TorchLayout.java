package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * An anchor and what it stands for: all that is needed to look for it on a stream, wherever that is.
 *
 * @param layer the path of the module that is tried alone; empty for all modules one after the other
 * @param dtype what the weights were initialised in
 * @param anchor the weights
 * @param drawn how many weights are drawn, those included that the anchor leaves out
 * @param options the modules, their weights in memory; only where they are few
 */
record TorchLayout(String layer, TorchDtype dtype, TorchAnchor anchor, long drawn, List<TorchLayer.Option> options)
        implements Serializable {

    /** The fewest weights for which a module alone can be told from chance. */
    static final int FEWEST = 60;

    /** The fewest weights for which a model whose weights have their first bits can be told from chance. */
    private static final int FEWEST_IN_BITS = 20;

    /** Lays modules out. */
    static TorchLayout of(
            String layer, TorchDtype dtype, TorchAnchor anchor, List<TorchLayer.Option> options, TorchEvidence evidence)
            throws IOException {
        long drawn = 0;
        List<TorchLayer.Option> kept = new ArrayList<>();
        for (TorchLayer.Option option : options) {
            drawn += evidence.count(option);
            if (anchor.weights() < FEWEST) {
                kept.add(option.inMemory());
            }
        }
        return new TorchLayout(layer, dtype, anchor, drawn, kept);
    }

    /** Whether so few weights can be told from chance by their bits alone. */
    boolean isSmall() {
        return anchor.weights() < FEWEST;
    }

    double correlation(double z) {
        return z / Math.sqrt(anchor.weights());
    }

    /** Whether it has so few weights that noise is stronger than they are: only the start of a stream is tried. */
    boolean isTiny() {
        return anchor.weights() < FEWEST_IN_BITS;
    }

    /** How many weights z is taken over. */
    long compared() {
        return isTiny() ? drawn : anchor.weights();
    }

    /** The cosine between the weights of a small model and their initial values, drawn from the start of a stream on. */
    double cosine(long seed, TorchEvidence evidence) throws IOException {
        return new TorchFit(new TorchStream(seed), dtype, evidence).cosine(options);
    }

    /** How many weights of a small model have their first bits at a place. */
    long identical(long seed, long draw, TorchEvidence evidence) throws IOException {
        TorchFit fit = new TorchFit(new TorchStream(seed), dtype, evidence);
        StreamPosition at = StreamPosition.at(draw);
        long sum = 0;
        for (TorchLayer.Option option : options) {
            sum += fit.identical(option, at);
            at = option.after(at, dtype);
        }
        return sum;
    }
}
