package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchStream;
import io.detinit.generator.torch.TorchValues;
import io.detinit.generator.torch.TorchVariant;
import java.io.IOException;
import java.util.List;

/** How well modules fit places on one seed's stream. For one thread. */
final class TorchFit {

    private final TorchStream stream;
    private final TorchDtype dtype;
    private final TorchEvidence evidence;

    TorchFit(TorchStream stream, TorchDtype dtype, TorchEvidence evidence) {
        this.stream = stream;
        this.dtype = dtype;
        this.evidence = evidence;
    }

    TorchDtype dtype() {
        return dtype;
    }

    TorchStream stream() {
        return stream;
    }

    TorchEvidence evidence() {
        return evidence;
    }

    /** The correlation of a module's weights with the initial values at a position, times the root of their number. */
    double z(TorchLayer.Option option, StreamPosition start) throws IOException {
        Sums sums = new Sums();
        add(option, start, sums);
        return sums.weights == 0 ? 0 : sums.products / Math.sqrt(sums.weights);
    }

    /** The cosine between the weights of modules that draw one after the other from the start of the stream on, and their initial values. */
    double cosine(List<TorchLayer.Option> options) throws IOException {
        Sums sums = new Sums();
        StreamPosition at = StreamPosition.START;
        for (TorchLayer.Option option : options) {
            at = add(option, at, sums);
        }
        double squares = sums.weights * sums.initial;
        return squares == 0 ? 0 : sums.products / Math.sqrt(squares);
    }

    /** Products of standardised weights w and initial values w0. */
    private static final class Sums {
        private double products;
        private double weights;
        private double initial;

        void add(double w, double w0) {
            products += w * w0;
            weights += w * w;
            initial += w == 0 ? 0 : w0 * w0;
        }
    }

    private StreamPosition add(TorchLayer.Option option, StreamPosition start, Sums sums) throws IOException {
        StreamPosition at = start;
        for (TorchDraw draw : option.draws()) {
            if (draw.isRandom() && draw.target().isPresent()) {
                float[] weights = evidence.of(draw.target().get());
                float[] initial = new float[weights.length];
                values(draw, at).fill(0, initial, 0, initial.length);
                double mean = mean(draw.fill());
                double deviation = deviation(draw.fill());
                for (int k = 0; k < weights.length; k++) {
                    sums.add(weights[k], (initial[k] - mean) / deviation);
                }
            }
            at = draw.after(at, dtype);
        }
        return at;
    }

    TorchValues values(TorchDraw draw, StreamPosition at) {
        TorchKernels kernels = TorchKernels.AVX2.withEra(draw.rules().get(0).era());
        return new TorchValues(new TorchInit(stream.seed(), at, draw.shape(), dtype, draw.fill(), kernels), stream);
    }

    /** How many weights have their first bits, by the rules and the build that explain most; 0 where a file's dtype has few bits. */
    long identical(TorchLayer.Option option, StreamPosition start) throws IOException {
        StreamPosition at = start;
        long sum = 0;
        for (TorchDraw draw : option.draws()) {
            if (draw.isRandom()
                    && draw.target().isPresent()
                    && draw.target().get().isPrecise()) {
                long most = 0;
                for (TorchDraw.Rule rule : draw.rules()) {
                    for (TorchVariant variant : TorchVariant.values()) {
                        TorchInit init = new TorchInit(
                                stream.seed(),
                                at,
                                draw.shape(),
                                dtype,
                                draw.fill(rule),
                                TorchKernels.of(variant).withEra(rule.era()));
                        most = Math.max(
                                most,
                                TorchFigures.of(draw.target().get(), init, stream)
                                        .identical());
                    }
                }
                sum += most;
            }
            at = draw.after(at, dtype);
        }
        return sum;
    }

    private static double mean(TorchFill fill) {
        if (fill instanceof TorchFill.Uniform uniform) {
            return (uniform.from() + uniform.to()) / 2;
        }
        return 0; // normals of the default initialisation are centred
    }

    static double deviation(TorchFill fill) {
        if (fill instanceof TorchFill.Uniform uniform) {
            return (uniform.to() - uniform.from()) / Math.sqrt(12);
        }
        if (fill instanceof TorchFill.Normal normal) {
            return normal.std();
        }
        return fill instanceof TorchFill.ZeroRow zero ? deviation(zero.fill()) : 1;
    }
}
