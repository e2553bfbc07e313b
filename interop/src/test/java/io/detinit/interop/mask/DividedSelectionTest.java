package io.detinit.interop.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.tensor.TransposedTensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Selections in parts against the selection on one machine, bit for bit, also for files that keep matrices inputs first. */
class DividedSelectionTest {

    private static final RankedModel MODEL =
            new RankedModel(DType.BF16, TensorShape.of(301, 250), TensorShape.of(3, 7), TensorShape.of(350, 129));
    private static final RankedModel WIDE = new RankedModel(DType.F64, TensorShape.of(90, 33), TensorShape.of(2, 9));
    private static final RankedModel KERNELS =
            new RankedModel(DType.F32, TensorShape.of(5, 17, 3, 3), TensorShape.of(2, 5, 150, 51));

    /** Passes in ranges of a few chunks, whose requests and counts are written and read again. */
    private static final class Ranges implements DividedSelection.Passes {

        private final Selection selection;
        private final List<RankedTensor> tensors;
        private int counting;
        private int tying;
        private int groups;

        Ranges(Selection selection, List<RankedTensor> tensors) {
            this.selection = selection;
            this.tensors = tensors;
        }

        @Override
        public GroupCounts count(List<GroupRequest> requests) throws IOException {
            counting++;
            groups = Math.max(groups, requests.size());
            GroupCounts all = new GroupCounts();
            RangeRanker ranker = new RangeRanker(copy(selection));
            for (GroupRequest request : requests) {
                for (int tensor = request.first(); tensor < request.end(); tensor++) {
                    for (long chunk = 0; chunk < tensors.get(tensor).chunks(); chunk++) {
                        GroupCounts part = new GroupCounts();
                        ranker.count(tensors.get(tensor), chunk, chunk + 1, copy(request), part);
                        all = copy(part).plus(all);
                    }
                }
            }
            return all;
        }

        @Override
        public List<TieCounts> ties(List<GroupRequest> requests) throws IOException {
            tying++;
            List<TieCounts> all = new ArrayList<>();
            for (int tensor = 0; tensor < tensors.size(); tensor++) {
                for (GroupRequest request : requests) {
                    for (long chunk = 0;
                            request.has(tensor) && chunk < tensors.get(tensor).chunks();
                            chunk += 2) {
                        long end = Math.min(tensors.get(tensor).chunks(), chunk + 2);
                        RangeRanker ranker = new RangeRanker(selection);
                        all.add(copy(ranker.ties(tensor, tensors.get(tensor), chunk, end, request.at())));
                    }
                }
            }
            return all;
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Serializable> T copy(T value) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
                out.writeObject(value);
            }
            return (T) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Selection of(Criterion criterion, Selection.Target target, Selection.Scope scope) {
        return new Selection(criterion, target, scope, Candidates.MATRICES, 3);
    }

    private static Ranges check(RankedModel model, Selection selection) throws IOException {
        Ranges passes = check(model.tensors(), model.baseline(), model, selection);
        if (model.tensors().stream().allMatch(tensor -> tensor.info().shape().rank() == 2)) {
            check(turned(model.tensors()), turned(model.baseline()), model, selection);
        }
        return passes;
    }

    private static Ranges check(List<TensorView> tensors, Baseline baseline, RankedModel model, Selection selection)
            throws IOException {
        Selected alone = model.select(selection, 2);
        DividedSelection divided = DividedSelection.of(tensors, baseline, selection);
        Ranges passes = new Ranges(selection, divided.tensors());
        DividedSelection.Outcome outcome = divided.cut(passes);
        assertEquals(alone.withoutMasks(), outcome.cuts());
        Map<String, Mask> stored = StoredMasks.of(alone.masks(), baseline).masks();
        for (int k = 0; k < divided.tensors().size(); k++) {
            RankedTensor tensor = divided.tensors().get(k);
            Mask expected = Objects.requireNonNull(stored.get(tensor.name()));
            RangeMask mask =
                    new RangeMask(tensor, selection, copy(outcome.rules().get(k)));
            String what = selection + " " + tensor.name() + " " + baseline.kind();
            assertEquals(expected, read(tensor, mask, 1 << 17), what);
            if (!(selection.target() instanceof Selection.Sparsity)) {
                assertEquals(expected, read(tensor, mask, 1 << 10), what);
            }
            MaskView view = new MaskView(tensor, mask);
            assertEquals(tensor.name() + "_mask", view.info().name());
            ByteBuffer bytes = ByteBuffer.allocate((int) tensor.elements());
            view.readBytes(0, bytes);
            ByteBuffer plain = ByteBuffer.allocate((int) tensor.elements());
            new MaskTensor("m", expected).readBytes(0, plain);
            assertArrayEquals(plain.array(), bytes.array(), what);
            assertEquals(expected.kept(), view.kept(), what);
        }
        return passes;
    }

    private static Mask read(RankedTensor tensor, RangeMask mask, int step) throws IOException {
        Mask read = new Mask(tensor.stored().info().shape());
        long[] words = new long[step / 64];
        long kept = 0;
        for (long from = 0; from < tensor.elements(); from += step) {
            int count = (int) Math.min(step, tensor.elements() - from);
            kept += mask.read(from, count, words);
            read.or(from, words, 0, (count + 63) / 64);
        }
        assertEquals(read.kept(), kept);
        return read;
    }

    private static List<TensorView> turned(List<TensorView> tensors) throws IOException {
        List<TensorView> turned = new ArrayList<>();
        for (TensorView tensor : tensors) {
            TensorView other = TransposedTensor.of(tensor);
            TensorInfo info = other.info();
            ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            other.readBytes(0, bytes);
            turned.add(ArrayTensor.of(info, bytes.flip()));
        }
        return turned;
    }

    private static Baseline turned(Baseline baseline) {
        Map<String, Baseline.Initial> initials = new LinkedHashMap<>();
        baseline.initials()
                .forEach((name, initial) ->
                        initials.put(name, new Baseline.Initial(initial.name(), StoredOrder.IN_OUT, initial.values())));
        return new Baseline(baseline.kind(), baseline.seed(), initials, Map.of(), List.of());
    }

    @ParameterizedTest
    @EnumSource
    void everyCriterion(Criterion criterion) throws IOException {
        Selection.Scope scope = criterion.isSameSign() ? Selection.Scope.LAYER : Selection.Scope.GLOBAL;
        Ranges passes = check(MODEL, of(criterion, new Selection.Sparsity(0.61), scope));
        assertEquals(2, passes.counting, "two passes, whatever the scope");
        assertTrue(passes.tying <= 1);
        check(WIDE, of(criterion, new Selection.Sparsity(0.3), Selection.Scope.GLOBAL));
    }

    /** 30 % of the weights have not moved: all of the lowest key, and some of it. */
    @Test
    void ties() throws IOException {
        for (double sparsity : new double[] {0, 1e-5, 0.001, 0.1, 0.2, 0.24, 0.9999, 1}) {
            Ranges passes =
                    check(MODEL, of(Criterion.MOVEMENT, new Selection.Sparsity(sparsity), Selection.Scope.GLOBAL));
            assertEquals(sparsity == 0 || sparsity == 1 ? 0 : 1, passes.tying, "sparsity " + sparsity);
            check(MODEL, of(Criterion.MAGNITUDE_SAME_SIGN, new Selection.Sparsity(sparsity), Selection.Scope.LAYER));
        }
    }

    @Test
    void noThirdPassWhereNothingTies() throws IOException {
        Ranges passes = check(WIDE, of(Criterion.LARGE_INIT, new Selection.Sparsity(0.5), Selection.Scope.GLOBAL));
        assertEquals(2, passes.counting);
        assertEquals(0, passes.tying);
    }

    @Test
    void manyLayersAFewAtATime() throws IOException {
        TensorShape[] shapes = new TensorShape[130];
        java.util.Arrays.fill(shapes, TensorShape.of(4, 9));
        RankedModel model = new RankedModel(DType.F32, shapes);
        Ranges passes = check(model, of(Criterion.MAGNITUDE, new Selection.Sparsity(0.5), Selection.Scope.LAYER));
        assertEquals(DividedSelection.GROUPS_AT_ONCE, passes.groups);
        assertEquals(2 * 3, passes.counting);
    }

    private static Stream<Selection.Target> limits() {
        return Stream.of(new Selection.AtMost(0), new Selection.AtMost(0.125), new Selection.AtMost(10));
    }

    @ParameterizedTest
    @MethodSource("limits")
    void limits(Selection.Target limit) throws IOException {
        for (Criterion criterion : List.of(Criterion.MOVEMENT, Criterion.MAGNITUDE_SAME_SIGN, Criterion.RANDOM)) {
            assertEquals(0, check(MODEL, of(criterion, limit, Selection.Scope.GLOBAL)).counting);
            check(WIDE, of(criterion, limit, Selection.Scope.LAYER));
        }
    }

    @Test
    void patterns() throws IOException {
        for (String text : List.of("2:4", "1:3", "16:32", "100:256")) {
            Selection.Pattern pattern = Selection.Pattern.parse(text);
            for (Criterion criterion : List.of(Criterion.MOVEMENT, Criterion.RANDOM_SAME_SIGN)) {
                Selection selection = of(criterion, pattern, Selection.Scope.GLOBAL);
                check(MODEL, selection);
                check(WIDE, selection);
                check(KERNELS, selection);
            }
        }
    }
}
