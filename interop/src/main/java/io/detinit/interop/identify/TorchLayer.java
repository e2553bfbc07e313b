package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The parameters of one module, and how its constructor may have drawn them.
 *
 * @param path the module's path, for messages
 * @param options ways to draw, the likeliest first; at least one
 */
record TorchLayer(String path, List<Option> options) {

    /**
     * One way to draw the parameters.
     *
     * @param draws every tensor that is filled, in the order of the draws
     */
    record Option(List<TorchDraw> draws) implements Serializable {

        /** The same, the weights that matter in memory. */
        Option inMemory() throws IOException {
            List<TorchDraw> copies = new ArrayList<>();
            for (TorchDraw draw : draws) {
                copies.add(draw.inMemory());
            }
            return new Option(copies);
        }

        boolean isRandom() {
            return draws.stream().anyMatch(TorchDraw::isRandom);
        }

        StreamPosition after(StreamPosition start, TorchDtype dtype) {
            StreamPosition at = start;
            for (TorchDraw draw : draws) {
                at = draw.after(at, dtype);
            }
            return at;
        }

        /** Whether it takes the weights to have been drawn once more by code outside the module. */
        boolean isAnew() {
            return draws.stream().anyMatch(TorchDraw::isAnew)
                    && draws.stream().filter(TorchDraw::isRandom).allMatch(TorchDraw::isAnew);
        }

        /** Whether it takes the weights to have been drawn once more as normal ones. */
        boolean isNormalAnew() {
            return isAnew() && draws.stream().anyMatch(TorchDraw::isNormal);
        }

        /** Whether it lays out weights that another option has laid out: drawn once more, and uniform again. */
        boolean isUniformAnew() {
            return isAnew() && !isNormalAnew();
        }

        /** The elements whose initial values are drawn and kept. */
        long weights() {
            return draws.stream()
                    .filter(draw -> draw.isRandom() && draw.target().isPresent())
                    .mapToLong(draw -> draw.shape().elements())
                    .sum();
        }
    }

    static TorchLayer of(String path, List<List<TorchDraw>> options) {
        return new TorchLayer(path, options.stream().map(Option::new).toList());
    }

    /** Where the stream is when all modules have been drawn from its start on, one after the other. */
    static StreamPosition drawnOnce(List<TorchLayer> layers) {
        StreamPosition at = StreamPosition.START;
        for (TorchLayer layer : layers) {
            at = layer.first().after(at, TorchDtype.FLOAT32);
        }
        return at;
    }

    Option first() {
        return options.get(0);
    }

    boolean isRandom() {
        return options.stream().anyMatch(Option::isRandom);
    }
}
