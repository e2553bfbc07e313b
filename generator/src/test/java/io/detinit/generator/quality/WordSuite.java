package io.detinit.generator.quality;

import java.util.ArrayList;
import java.util.List;

/** All tests on the words of an order, in one pass over them. */
final class WordSuite {

    private WordSuite() {}

    /**
     * Runs them.
     *
     * @param first the first position
     * @param words how many, rounded up to whole chunks
     */
    static List<Result> run(Source source, Order order, long first, long words) {
        List<WordStatistic> tests = List.of(
                new Frequencies(),
                new WordPairs(1, "next"),
                new WordPairs(order.lag(), "at the lag"),
                new CrossBits(),
                new Runs(),
                new Gaps(),
                new Poker(),
                new BinaryRanks(),
                new BirthdaySpacings());
        long[] chunk = new long[WordStatistic.CHUNK];
        for (long from = 0; from < words; from += chunk.length) {
            order.fill(source, first + from, chunk, chunk.length);
            for (WordStatistic test : tests) {
                test.accept(chunk);
            }
        }
        List<Result> results = new ArrayList<>();
        tests.forEach(test -> results.addAll(test.results(order.name())));
        return results;
    }
}
