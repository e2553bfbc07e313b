package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.parameter.DefaultPlan;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What can lose weights: matrices, vectors where asked for, and what is protected. */
class CandidatesTest {

    private static TensorView tensor(String name, TensorInfo.Kind kind, long... dims) {
        TensorInfo info = new TensorInfo(name, DType.F32, TensorShape.of(dims), kind);
        return ArrayTensor.of(info, ByteBuffer.allocate((int) info.bytes()));
    }

    private static TensorView parameter(String name, long... dims) {
        return tensor(name, TensorInfo.Kind.PARAMETER, dims);
    }

    private static final List<TensorView> MODEL = List.of(
            parameter("conv.weight", 8, 3, 3, 3),
            parameter("conv.bias", 8),
            parameter("norm1.weight", 8, 4, 4),
            parameter("norm1.bias", 8, 4, 4),
            tensor("norm1.running_mean", TensorInfo.Kind.BUFFER, 8),
            parameter("attn.bias_k", 1, 1, 8),
            parameter("attn.rel_pos_bias", 7, 8),
            parameter("fc1.weight", 16, 8),
            parameter("fc1.bias", 1, 16),
            parameter("block.gamma", 8),
            parameter("wn.weight_g", 16, 1),
            parameter("wn.weight_v", 16, 8),
            parameter("temperature"),
            parameter("head.weight", 1, 16),
            parameter("head.bias", 1));

    private static final List<String> MATRICES = List.of("conv.weight", "fc1.weight", "wn.weight_v", "head.weight");

    private static Selected select(Candidates candidates, Selection.Scope scope) throws IOException {
        InitPlan plan = DefaultPlan.of(MODEL, 1, Scheme.HE);
        Selection selection = new Selection(Criterion.MOVEMENT, new Selection.Sparsity(0.5), scope, candidates, 0);
        return new Selector(Baseline.of(plan, MODEL), 2).selectWithCut(MODEL, selection, done -> {});
    }

    private static List<String> names(Candidates candidates) throws IOException {
        return List.copyOf(select(candidates, Selection.Scope.GLOBAL).masks().keySet());
    }

    private static Candidates candidates(boolean vectors, boolean first, boolean last, String... include) {
        return new Candidates(new NameFilter(List.of(include), List.of()), vectors, first, last);
    }

    @Test
    void biasesNormsAndScalesAreLeftAlone() throws IOException {
        assertEquals(MATRICES, names(Candidates.MATRICES));
    }

    @Test
    void vectorsArePrunedWhereAskedForAndStatisticsNever() throws IOException {
        List<String> all = new ArrayList<>();
        MODEL.forEach(tensor -> all.add(tensor.info().name()));
        all.remove("norm1.running_mean");
        assertEquals(all, names(candidates(true, false, false)));
        Selected selected = select(candidates(true, false, false), Selection.Scope.LAYER);
        for (Map.Entry<String, Mask> mask : selected.masks().entrySet()) {
            long size = mask.getValue().size();
            assertEquals(size - Math.round(0.5 * size), mask.getValue().kept(), mask.getKey());
        }
        assertEquals(
                List.of("conv.bias"),
                names(candidates(true, false, false, "conv.bias")),
                "names decide among vectors, too");
    }

    @Test
    void theFirstAndTheLastMatrixAreKeptWhole() throws IOException {
        assertEquals(List.of("fc1.weight", "wn.weight_v", "head.weight"), names(candidates(false, true, false)));
        assertEquals(List.of("conv.weight", "fc1.weight", "wn.weight_v"), names(candidates(false, false, true)));
        Selected both = select(candidates(false, true, true), Selection.Scope.GLOBAL);
        assertEquals(Set.of("fc1.weight", "wn.weight_v"), both.masks().keySet());
        assertEquals(List.of("conv.weight", "head.weight"), both.protectedNames());
        long kept = both.masks().values().stream().mapToLong(Mask::kept).sum();
        assertEquals(128, kept, "half of what is left to prune");
        assertEquals(
                List.of(), select(Candidates.MATRICES, Selection.Scope.GLOBAL).protectedNames());
        assertEquals(
                List.of("conv.weight", "conv.bias", "head.weight", "head.bias"),
                select(candidates(true, true, true), Selection.Scope.GLOBAL).protectedNames(),
                "with the vectors of their modules");
        assertEquals(
                List.of("wn.weight_v"),
                names(candidates(false, true, true, "fc1.*", "wn.*", "head.*")),
                "first and last of what the patterns take");
    }

    private static String refused(Candidates candidates) {
        return assertThrows(IllegalArgumentException.class, () -> names(candidates))
                .getMessage();
    }

    @Test
    void nothingLeftIsSaid() {
        assertTrue(refused(candidates(false, true, false, "fc1.*")).contains("protected"));
        assertTrue(refused(candidates(false, true, true, "fc1.*", "head.*")).contains("fc1.weight, head.weight"));
        assertTrue(refused(candidates(false, false, false, "*bias"))
                .contains("no floating-point parameter of rank >= 2 has initial values and a name"));
        assertEquals(
                "nothing to prune: no floating-point parameter has initial values and a name that the patterns take",
                refused(candidates(true, false, false, "*running_mean")));
    }
}
