package io.detinit.interop.identify;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** An anchor prepared for correlation. Immutable; safe for use by many threads. */
final class TorchProbe {

    private final List<Term> terms = new ArrayList<>();
    private final double norm;
    private final Set<TorchAnchor.Part> parts;

    private record Term(TorchAnchor.Part part, TorchAnchor.Spectrum spectrum) {}

    TorchProbe(TorchAnchor anchor) {
        norm = anchor.norm();
        parts = Set.copyOf(anchor.parts());
        for (TorchAnchor.Part part : anchor.parts()) {
            terms.add(new Term(part, anchor.spectrum(TorchCorrelator.FOURIER, TorchCorrelator.SIZE, part)));
        }
    }

    /** The signals that it needs. */
    Set<TorchAnchor.Part> parts() {
        return parts;
    }

    /** The length of the vector of the anchor's weights. */
    double norm() {
        return norm;
    }

    void addProducts(TorchCorrelator.Signals signals, float[] sumRe, float[] sumIm) {
        for (Term term : terms) {
            float[] re = signals.re(term.part());
            float[] im = signals.im(term.part());
            term.spectrum().addProduct(re, im, sumRe, sumIm);
        }
    }
}
