package io.detinit.cli;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.RunFolder;
import io.detinit.training.Samples;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The test split, normalised as the model wants it. */
final class EvalData {

    private EvalData() {}

    /**
     * Loads the test split.
     *
     * @param spec the data set
     * @param metadata the model's metadata, which may say how it was trained
     * @param normalize what the user says; null to follow the metadata, and none where that is silent
     */
    static Samples test(String spec, Map<String, String> metadata, @Nullable String normalize) throws IOException {
        return test(spec, normalization(metadata, normalize));
    }

    /** Loads the test split, normalised in one way. */
    static Samples test(String spec, Normalization normalization) throws IOException {
        return DataSpec.load(spec).testSamples(normalization);
    }

    /** How a model wants its samples: as the user says, else as its metadata says, else not normalised. */
    static Normalization normalization(Map<String, String> metadata, @Nullable String normalize) throws IOException {
        if (normalize != null) {
            return Normalization.parse(normalize);
        }
        String own = metadata.getOrDefault(RunFolder.NORMALIZE_KEY, Normalization.NONE.id());
        try {
            return Normalization.parse(own);
        } catch (IllegalArgumentException e) {
            throw MalformedFileException.of("metadata", RunFolder.NORMALIZE_KEY, "'" + own + "'", Normalization.KNOWN);
        }
    }
}
