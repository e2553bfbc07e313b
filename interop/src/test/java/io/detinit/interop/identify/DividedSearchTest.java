package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchModules;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Searches whose parts are sent elsewhere and put together again. */
class DividedSearchTest {

    private static final TorchModules NN = TorchModules.CURRENT;

    /** What another machine receives. */
    private static <T> T sent(T value, Class<T> type) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return type.cast(in.readObject());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As many parts as it says, the last one first. */
    private record Parts(int count) implements TorchEngine {

        @Override
        public TorchPart scan(TorchScan scan, long from, long to, TorchSearch.Progress progress) throws IOException {
            List<TorchPart> parts = new ArrayList<>();
            for (int part = count - 1; part >= 0; part--) {
                long first = scan.batches() * part / count;
                long end = scan.batches() * (part + 1) / count;
                TorchPart found = sent(scan, TorchScan.class).scan(first, end, from, to);
                parts.add(0, sent(found, TorchPart.class));
            }
            return TorchPart.first(parts);
        }
    }

    private static void check(TorchModule module, long seed, long draw, double moved, Optional<Long> expected)
            throws IOException {
        TorchModels model = TorchModels.of(module, seed, draw, TorchKernels.DEFAULT, moved);
        TorchSeeds seeds = TorchSeeds.range(0, 75);
        TorchSearch.Progress none = (done, of) -> {};
        TorchSearchResult alone = new TorchSearch(seeds, 1 << 14, 2).search(model.parameters(), model.names(), none);
        assertEquals(expected, alone.best().map(TorchHit::seed));
        for (int parts : List.of(1, 2, 7)) {
            TorchSearch divided = new TorchSearch(seeds, 1 << 14, new Parts(parts));
            assertEquals(alone, divided.search(model.parameters(), model.names(), none), parts + " parts");
        }
    }

    @Test
    void seedsOfPyTorch() throws IOException {
        TorchModule net = NN.sequential(NN.linear(40, 20, true), NN.linear(20, 10, true));
        check(net, 50, 0, 0.3, Optional.of(50L));
        check(net, 9, 9000, 0.3, Optional.of(9L)); // in the second round
        check(net, 500, 0, 0.3, Optional.empty());
    }

    /** So few weights that their bits are compared, which are sent for that. */
    @Test
    void fewWeights() throws IOException {
        check(NN.linear(6, 3, true), 31, 0, 0, Optional.of(31L));
        check(NN.linear(6, 3, true), 31, 0, 2, Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16})
    void batchesAreCounted(int seeds) {
        TorchScan scan = new TorchScan(TorchSeeds.range(0, seeds), List.of(), 1);
        assertEquals(1, scan.batches());
        assertEquals(seeds, scan.seedsUpTo(0));
        assertThrows(IndexOutOfBoundsException.class, () -> scan.scan(0, 2, 0, 1));
    }
}
