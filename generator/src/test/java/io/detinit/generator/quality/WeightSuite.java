package io.detinit.generator.quality;

import io.detinit.generator.Scheme;
import java.util.ArrayList;
import java.util.List;

/** All tests on the weights of an order: normal, uniform and signed. */
final class WeightSuite {

    /** Every scheme with a standard deviation or bound of 1, so that the weight is the variate. */
    static final Scheme NORMAL = Scheme.custom(1);

    static final Scheme UNIFORM = Scheme.uniform(1);
    static final Scheme SIGNED = Scheme.signedConstant(Scheme.custom(1));

    /** Of the chunks, one in this many goes into the serial correlations. */
    private static final int CORRELATED = 4;

    private WeightSuite() {}

    /** Runs them on normal weights, and on a quarter as many uniform and signed ones. */
    static List<Result> run(Source source, WeightOrder order, long weights) {
        List<Result> results = new ArrayList<>(normal(source, order, weights));
        results.addAll(uniform(source, order, weights / 4));
        results.addAll(signed(source, order, weights / 4));
        return results;
    }

    private static List<Result> normal(Source source, WeightOrder order, long weights) {
        NormalShape test = new NormalShape(order.name(), weights);
        SerialCorrelation correlation = new SerialCorrelation("weights", order.name());
        float[] chunk = new float[WeightOrder.CHUNK];
        for (long k = 0; k * chunk.length < weights; k++) {
            order.walk().fill(source, NORMAL, k, chunk);
            test.accept(chunk);
            if (k % CORRELATED == 0) {
                correlation.accept(chunk, 3);
            }
        }
        List<Result> results = new ArrayList<>(test.results());
        results.addAll(correlation.results());
        return results;
    }

    private static List<Result> uniform(Source source, WeightOrder order, long weights) {
        UniformShape test = new UniformShape(order.name());
        float[] chunk = new float[WeightOrder.CHUNK];
        for (long k = 0; k * chunk.length < weights; k++) {
            order.walk().fill(source, UNIFORM, k, chunk);
            test.accept(chunk);
        }
        return test.results();
    }

    private static List<Result> signed(Source source, WeightOrder order, long weights) {
        SerialCorrelation correlation = new SerialCorrelation("weights", order.name());
        float[] chunk = new float[WeightOrder.CHUNK];
        double sum = 0;
        long n = 0;
        for (long k = 0; k * chunk.length < weights; k++) {
            order.walk().fill(source, SIGNED, k, chunk);
            for (float sign : chunk) {
                sum += sign;
            }
            n += chunk.length;
            if (k % CORRELATED == 0) {
                correlation.accept(chunk, 2);
            }
        }
        Result lags = correlation.results().get(0);
        return List.of(
                Result.normal("weights", order.name(), "signed: balance", sum / Math.sqrt(n)),
                new Result("weights", order.name(), "signed: " + lags.test(), lags.statistic(), lags.p()));
    }
}
