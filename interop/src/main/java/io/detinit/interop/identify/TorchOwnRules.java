package io.detinit.interop.identify;

import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchRule;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * The rules of {@code torch.nn.init} by which models draw their weights themselves, after their modules have: Kaiming's and Xavier's with the
 * usual gains, and {@code uniform_} and {@code normal_} with a number of one or two digits.
 *
 * <p>Stateless; safe for use by many threads.
 */
final class TorchOwnRules {

    /** How far the scale of trained weights may be from that of the rule, as a logarithm. */
    private static final double SCALE = 0.5;

    /** How far it may be from a round number. */
    private static final double CLOSE = 0.03;

    /** Rules of one kind that are tried at most. */
    private static final int MOST = 12;

    /** The gains of {@code calculate_gain} but that of relu: linear and sigmoid, tanh, leaky relu of 0.01 and of 0.2; and 1 / sqrt(fan) as a bound. */
    private static final double[] GAINS = {
        1, 5.0 / 3, Math.sqrt(2 / (1 + 0.01 * 0.01)), Math.sqrt(2 / (1 + 0.2 * 0.2)), 1 / Math.sqrt(3)
    };

    /** Those that Xavier's rules are asked for with. */
    private static final double[] XAVIER_GAINS = {Math.sqrt(2.0), 5.0 / 3};

    /** m4 / m2^2 from which on weights may have begun as normal ones: of a uniform distribution it is 1.8, of a normal one 3. */
    private static final double NORMAL_KURTOSIS = 2.2;

    /** The fewest weights whose distribution is looked at. */
    private static final int FEWEST = 60;

    private TorchOwnRules() {}

    /** Whether trained weights may have begun as normal ones. */
    static boolean mayBeNormal(float[] weights) {
        return kurtosis(weights) > NORMAL_KURTOSIS;
    }

    /** m4 / m2^2 of the weights that are not 0; NaN where they are few. */
    static double kurtosis(float[] weights) {
        double sum = 0;
        int count = 0;
        for (float w : weights) {
            sum += w;
            count += w == 0 ? 0 : 1;
        }
        double mean = count == 0 ? 0 : sum / count;
        double second = 0;
        double fourth = 0;
        for (float w : weights) {
            double square = w == 0 ? 0 : (w - mean) * (w - mean);
            second += square;
            fourth += square * square;
        }
        return count < FEWEST ? Double.NaN : fourth * count / (second * second);
    }

    /**
     * A call of {@code torch.nn.init} without a number of the model's own.
     *
     * @param rule what it draws by, of the weight's shape
     * @param isSeldom whether its gain is seldom asked for
     */
    record Call(Function<TensorShape, TorchDraw.Rule> rule, boolean isSeldom) {}

    /** The calls that draw normal values, or uniform ones. */
    static List<Call> calls(boolean normal) {
        TorchRule kaiming = normal ? TorchRule.KAIMING_NORMAL : TorchRule.KAIMING_UNIFORM;
        TorchRule xavier = normal ? TorchRule.XAVIER_NORMAL : TorchRule.XAVIER_UNIFORM;
        double spread = spread(normal);
        List<Call> calls = new ArrayList<>();
        calls.add(new Call(shape -> TorchDraw.Rule.of(kaiming, shape.fanIn()), false));
        calls.add(new Call(shape -> TorchDraw.Rule.of(kaiming, shape.fanOut()), false));
        calls.add(new Call(shape -> TorchDraw.Rule.of(xavier, TorchRule.NO_FAN), false));
        for (double gain : GAINS) {
            calls.add(new Call(shape -> number(normal, spread * (gain / Math.sqrt((double) shape.fanIn()))), true));
        }
        for (double gain : GAINS) {
            calls.add(new Call(shape -> number(normal, spread * (gain / Math.sqrt((double) shape.fanOut()))), true));
        }
        for (double gain : XAVIER_GAINS) {
            calls.add(new Call(shape -> number(normal, spread * (gain * xavier(shape))), true));
        }
        return calls;
    }

    /** {@code normal_(0, scale)} or {@code uniform_(-scale, scale)}. */
    static TorchDraw.Rule number(boolean normal, double scale) {
        return TorchDraw.Rule.scaled(normal ? TorchRule.NORMAL : TorchRule.UNIFORM, scale);
    }

    /** The scale of a rule, by its standard deviation. */
    static double spread(boolean normal) {
        return normal ? 1 : Math.sqrt(3.0);
    }

    /**
     * The rules for a weight, those first whose scale is nearest to that of the trained weights; of uniform ones without Xavier's of gain 1.
     *
     * @param normal whether normal ones are asked for, and not uniform ones
     */
    static List<TorchDraw.Rule> of(TorchTarget weight, boolean normal) throws IOException {
        TensorShape shape = weight.shape();
        double std = deviation(weight.values(TorchTarget.MOST));
        List<TorchDraw.Rule> rules = new ArrayList<>();
        calls(normal).forEach(call -> rules.add(call.rule().apply(shape)));
        round(spread(normal) * std).forEach(number -> rules.add(number(normal, number)));
        rules.removeIf(rule -> rule.rule() == TorchRule.XAVIER_UNIFORM);
        return nearest(rules, shape, std);
    }

    /**
     * How far the scale of weights of which none has its first bits may be from that of a rule, as a logarithm: a number of one digit has to be
     * met closely, and one of two digits lies near any weights.
     */
    static double tolerance(TorchDraw.Rule rule, double usual) {
        return !isGuess(rule) ? usual : BigDecimal.valueOf(rule.scale()).precision() == 1 ? CLOSE : 0;
    }

    /** Whether a rule has a number that the weights themselves suggested, and not one that follows from the shape. */
    static boolean isGuess(TorchDraw.Rule rule) {
        return rule.rule().needsScale() && BigDecimal.valueOf(rule.scale()).precision() <= 2;
    }

    private static List<TorchDraw.Rule> nearest(List<TorchDraw.Rule> rules, TensorShape shape, double std) {
        return rules.stream()
                .filter(rule -> off(rule, shape, std) < SCALE)
                .sorted(Comparator.comparingDouble(rule -> off(rule, shape, std)))
                .distinct()
                .limit(MOST)
                .toList();
    }

    private static double off(TorchDraw.Rule rule, TensorShape shape, double std) {
        return Math.abs(Math.log(std(rule, shape) / std));
    }

    /** The standard deviation that a rule draws with. */
    static double std(TorchDraw.Rule rule, TensorShape shape) {
        return TorchFit.deviation(rule.rule().fill(shape, rule.fan(), rule.scale(), rule.era()));
    }

    /** As {@code xavier_normal_} has it. */
    private static double xavier(TensorShape shape) {
        return Math.sqrt(2.0 / Math.addExact(shape.fanIn(), shape.fanOut()));
    }

    /** The nearest number of two digits, and those of one digit that are not far. */
    private static List<Double> round(double value) {
        List<Double> numbers = new ArrayList<>(digits(value));
        if (!numbers.isEmpty()) {
            numbers.add(0, new BigDecimal(value).round(new MathContext(2)).doubleValue());
        }
        return numbers;
    }

    /** Numbers of one digit that are not far; none for what is no positive number. */
    static List<Double> digits(double value) {
        List<Double> numbers = new ArrayList<>();
        if (value > 0 && value <= Double.MAX_VALUE) {
            int places = (int) Math.floor(Math.log10(value));
            for (int power = places; power <= places + 1; power++) {
                for (int digit = 1; digit < 10; digit++) {
                    numbers.add(BigDecimal.valueOf(digit, -power).doubleValue());
                }
            }
        }
        return numbers;
    }

    private static double deviation(float[] values) {
        double squares = 0;
        int count = 0;
        for (float value : values) {
            squares += (double) value * value;
            count += value == 0 ? 0 : 1;
        }
        return count == 0 ? 0 : Math.sqrt(squares / count);
    }
}
