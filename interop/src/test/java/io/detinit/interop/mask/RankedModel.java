package io.detinit.interop.mask;

import io.detinit.generator.InitPlan;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.ReducedPrecision;
import io.detinit.generator.Scheme;
import io.detinit.generator.SplitMix64;
import io.detinit.generator.TensorInit;
import io.detinit.generator.TensorShape;
import io.detinit.interop.audit.Baseline;
import io.detinit.interop.tensor.ArrayTensor;
import io.detinit.interop.tensor.DType;
import io.detinit.interop.tensor.TensorInfo;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A trained model with many equal scores and odd numbers, and the plain way to rank its weights: score each, then sort. */
final class RankedModel {

    /** A weight, its scores and where it stands. */
    private record Ranked(boolean changedSign, double score, float rounded, int address, String tensor, int element) {}

    private final InitPlan plan;
    private final DType dtype;
    private final List<TensorView> tensors = new ArrayList<>();

    RankedModel(DType dtype, TensorShape... shapes) {
        this.dtype = dtype;
        List<PlannedTensor> planned = new ArrayList<>();
        for (int k = 0; k < shapes.length; k++) {
            planned.add(new PlannedTensor("layer" + k + ".weight", shapes[k], k, Scheme.HE));
        }
        this.plan = new InitPlan(7, planned);
        planned.forEach(tensor -> tensors.add(trained(plan.init(tensor.name()), tensor.name())));
    }

    List<TensorView> tensors() {
        return tensors;
    }

    Baseline baseline() throws IOException {
        return Baseline.of(plan, tensors);
    }

    Selected select(Selection selection, int threads) throws IOException {
        return new Selector(baseline(), threads).selectWithCut(tensors, selection, done -> {});
    }

    private TensorView trained(TensorInit init, String name) {
        float[] w0 = init.toArray();
        Random random = new Random(name.hashCode());
        ByteBuffer bytes = ByteBuffer.allocate(w0.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float initial : w0) {
            put(bytes, trained(initial, random));
        }
        return ArrayTensor.of(new TensorInfo(name, dtype, init.shape(), TensorInfo.Kind.PARAMETER), bytes.flip());
    }

    private static double trained(float w0, Random random) {
        return switch (random.nextInt(12)) {
            case 0, 1, 2 -> w0;
            case 3 -> -w0;
            case 4 -> 0.0;
            case 5 -> -0.0;
            case 6, 7 -> Math.rint(4 * random.nextGaussian()) / 8;
            case 8 -> random.nextInt(20) == 0 ? Double.NaN : 0.25;
            case 9 -> random.nextInt(20) == 0 ? Double.NEGATIVE_INFINITY : -0.25;
            default -> w0 + random.nextGaussian() * 0.1;
        };
    }

    private void put(ByteBuffer bytes, double w) {
        switch (dtype) {
            case F64 -> bytes.putDouble(w);
            case BF16 -> bytes.putShort(ReducedPrecision.toBfloat16((float) w));
            case F16 -> bytes.putShort(ReducedPrecision.toFloat16((float) w));
            default -> bytes.putFloat((float) w);
        }
    }

    /** The masks of a sort by group, score and address; a pattern sorts inside each group of inputs. */
    Map<String, Mask> reference(Selection selection) throws IOException {
        List<Ranked> all = ranked(selection);
        Map<String, boolean[]> pruned = new LinkedHashMap<>();
        for (TensorView tensor : tensors) {
            pruned.put(
                    tensor.info().name(),
                    new boolean[(int) tensor.info().shape().elements()]);
        }
        if (selection.target() instanceof Selection.Limit limit) {
            all.stream()
                    .filter(one -> one.changedSign() || isAtMost(one, limit.limit()))
                    .forEach(one -> prune(pruned, one));
        } else {
            Map<String, List<Ranked>> groups = new LinkedHashMap<>();
            all.forEach(one -> groups.computeIfAbsent(group(selection, one), key -> new ArrayList<>())
                    .add(one));
            for (List<Ranked> group : groups.values()) {
                long count = selection.target() instanceof Selection.Sparsity sparsity
                        ? Math.round(sparsity.sparsity() * group.size())
                        : Math.max(0, group.size() - ((Selection.Pattern) selection.target()).kept());
                group.sort(Comparator.comparing((Ranked one) -> !one.changedSign())
                        .thenComparing(Ranked::rounded)
                        .thenComparing(Ranked::address));
                group.stream().limit(count).forEach(one -> prune(pruned, one));
            }
        }
        Map<String, Mask> masks = new LinkedHashMap<>();
        for (TensorView tensor : tensors) {
            boolean[] gone = pruned.getOrDefault(tensor.info().name(), new boolean[0]);
            masks.put(tensor.info().name(), Mask.of(tensor.info().shape(), element -> !gone[(int) element]));
        }
        return masks;
    }

    private boolean isAtMost(Ranked one, double limit) {
        return dtype == DType.F64 ? one.score() <= limit : (float) one.score() <= (float) limit;
    }

    private static void prune(Map<String, boolean[]> pruned, Ranked one) {
        pruned.getOrDefault(one.tensor(), new boolean[0])[one.element()] = true;
    }

    private String group(Selection selection, Ranked one) {
        if (selection.target() instanceof Selection.Pattern pattern) {
            TensorShape shape = tensors.stream()
                    .filter(tensor -> tensor.info().name().equals(one.tensor()))
                    .findFirst()
                    .orElseThrow()
                    .info()
                    .shape();
            long places = shape.elements() / shape.dim(0) / shape.dim(1);
            long input = one.element() / places % shape.dim(1);
            long output = one.element() / places / shape.dim(1);
            return one.tensor() + " " + output + " " + input / pattern.group() + " " + one.element() % places;
        }
        return selection.scope() == Selection.Scope.GLOBAL ? "all" : one.tensor();
    }

    private List<Ranked> ranked(Selection selection) throws IOException {
        List<Ranked> all = new ArrayList<>();
        for (TensorView tensor : tensors) {
            int count = (int) tensor.info().shape().elements();
            float[] w = new float[count];
            TensorInit init = plan.init(tensor.info().name());
            float[] w0 = init.toArray();
            double[] wide = new double[count];
            if (dtype == DType.F64) {
                tensor.readDoubles(0, wide, 0, count);
            } else {
                tensor.readFloats(0, w, 0, count);
            }
            String name = tensor.info().name();
            for (int k = 0; k < count; k++) {
                double initial = dtype == DType.F64 ? wide(init, k) : rounded(w0[k]);
                double trained = dtype == DType.F64 ? wide[k] : w[k];
                boolean changed = selection.criterion().id().endsWith("_same_sign")
                        && Math.signum(trained) * Math.signum(initial) == -1;
                double score = selection.criterion().isRandom()
                        ? random(selection.randomSeed(), name, k)
                        : score(selection.criterion().id().replace("_same_sign", ""), trained, initial);
                all.add(new Ranked(changed, score, (float) score + 0f, all.size(), name, k));
            }
        }
        return all;
    }

    private static double wide(TensorInit init, int element) {
        long cols = init.shape().cols();
        return init.weightAsDouble(element / cols, element % cols);
    }

    private float rounded(float w0) {
        return switch (dtype) {
            case F16 -> ReducedPrecision.fromFloat16(ReducedPrecision.toFloat16(w0));
            case BF16 -> ReducedPrecision.fromBfloat16(ReducedPrecision.toBfloat16(w0));
            default -> w0;
        };
    }

    private static double random(long seed, String name, int element) {
        return (SplitMix64.bits(seed, RandomScores.hash(name), element) >>> 40) / (double) (1 << 24);
    }

    /** The formulas of the paper; differences are formed in the precision of the file. */
    private double score(String id, double w, double w0) {
        double size = Math.abs(w);
        double size0 = Math.abs(w0);
        return switch (id) {
            case "movement" -> Math.abs(minus(w, w0));
            case "magnitude" -> size;
            case "large_init" -> size0;
            case "large_init_large_final" -> Double.isNaN(size + size0) ? Double.NaN : size < size0 ? size : size0;
            case "small_init" -> -size0;
            case "small_final" -> -size;
            case "small_init_small_final" -> Double.isNaN(size + size0) ? Double.NaN : -(size > size0 ? size : size0);
            case "magnitude_increase" -> minus(size, size0);
            default -> throw new IllegalArgumentException(id);
        };
    }

    private double minus(double a, double b) {
        return dtype == DType.F64 ? a - b : (float) a - (float) b;
    }
}
