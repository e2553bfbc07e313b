package io.detinit.cli;

import io.detinit.interop.budget.LayerCriticality;
import io.detinit.interop.verify.Score;

/**
 * What {@code criticality} found.
 *
 * @param file the model
 * @param baseline where its initial values come from
 * @param split which samples were scored
 * @param unit what was put back together
 * @param trained the score of the model as it is
 * @param table the scores of the layers
 */
record CriticalityFindings(
        String file,
        String baseline,
        String split,
        LayerCriticality.Unit unit,
        Score trained,
        LayerCriticality table) {}
