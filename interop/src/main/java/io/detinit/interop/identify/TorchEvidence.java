package io.detinit.interop.identify;

import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The standardised weights of the parameters of one checkpoint, each read once. For one thread. */
final class TorchEvidence {

    private final Map<TorchTarget, float[]> read = new HashMap<>();

    float[] of(TorchTarget target) throws IOException {
        float[] evidence = read.get(target);
        if (evidence == null) {
            evidence = target.evidence();
            read.put(target, evidence);
        }
        return evidence;
    }

    /** How many weights of a module count as evidence. */
    long count(TorchLayer.Option option) throws IOException {
        long count = 0;
        for (TorchDraw draw : option.draws()) {
            if (draw.isRandom() && draw.target().isPresent()) {
                for (float weight : of(draw.target().get())) {
                    count += weight == 0 ? 0 : 1;
                }
            }
        }
        return count;
    }

    /**
     * The weights of layers that draw one after the other, at their places, as many as an anchor holds.
     *
     * @param dtype what they were initialised in: FLOAT32, or FLOAT64, whose normals are left out
     */
    TorchAnchor anchor(List<TorchLayer.Option> options, TorchDtype dtype) throws IOException {
        TorchAnchor anchor = new TorchAnchor();
        StreamPosition at = StreamPosition.START;
        for (TorchLayer.Option option : options) {
            for (TorchDraw draw : option.draws()) {
                if (at.draw() >= TorchAnchor.LONGEST) {
                    return anchor;
                }
                if (draw.isRandom() && draw.target().isPresent()) {
                    add(anchor, at.draw(), draw, of(draw.target().get()), dtype);
                }
                at = draw.after(at, dtype);
            }
        }
        return anchor;
    }

    private static void add(TorchAnchor anchor, long place, TorchDraw draw, float[] evidence, TorchDtype dtype) {
        boolean wide = dtype == TorchDtype.FLOAT64;
        if (!draw.isNormal()) {
            if (wide) {
                anchor.addWideUniform(place, evidence);
            } else {
                anchor.addUniform(place, evidence);
            }
        } else if (!wide) {
            anchor.addNormal(place, evidence, draw.shape().elements());
        }
    }
}
