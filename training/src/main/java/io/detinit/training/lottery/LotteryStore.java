package io.detinit.training.lottery;

import io.detinit.interop.mask.Mask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Keeps what is done. Not thread-safe. */
interface LotteryStore {

    /** What is done, in the order in which it was kept. */
    List<RoundResult> results();

    /** Keeps a result; what it needs to be continued was kept before. */
    void keep(RoundResult result) throws IOException;

    /** The masks of a round, kept before. */
    Map<String, Mask> masks(long seed, int round) throws IOException;

    /** Keeps the masks of a round. */
    void keep(long seed, int round, TicketMasks.Found found) throws IOException;

    /** In memory. */
    static LotteryStore inMemory() {
        return new LotteryStore() {
            private final List<RoundResult> results = new ArrayList<>();
            private final Map<List<Long>, Map<String, Mask>> masks = new HashMap<>();

            @Override
            public List<RoundResult> results() {
                return List.copyOf(results);
            }

            @Override
            public void keep(RoundResult result) {
                results.add(result);
            }

            @Override
            public Map<String, Mask> masks(long seed, int round) {
                return Objects.requireNonNull(masks.get(List.of(seed, (long) round)));
            }

            @Override
            public void keep(long seed, int round, TicketMasks.Found found) {
                masks.put(List.of(seed, (long) round), found.masks());
            }
        };
    }
}
