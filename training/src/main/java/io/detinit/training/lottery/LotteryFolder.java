package io.detinit.training.lottery;

import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.file.OutputFolder;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskBitmaps;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.interop.plan.PlanJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The folder of a lottery, which grows: {@code lottery.json} (what it is), {@code results.jsonl} (a line for each training that is done, by
 * seed, round and variant), and {@code masks/seed-S/round-R.roaring}, with which round R is trained; R is one more than the last round
 * trained, at most. Every file appears whole or not at all, the masks of the next round before the result of this one: a process that
 * is killed loses the training under way and nothing else.
 *
 * <p>One process may use a folder at a time. Not thread-safe.
 */
public final class LotteryFolder implements LotteryStore {

    /** The file that says what the lottery is. */
    public static final String CARD = "lottery.json";

    /** The file of the results. */
    public static final String RESULTS = "results.jsonl";

    private static final String MASKS = "masks";

    private static final Comparator<RoundResult> ORDER = Comparator.comparingLong(RoundResult::seed)
            .thenComparingInt(RoundResult::round)
            .thenComparing(RoundResult::variant);

    private final Path folder;
    private final List<RoundResult> results;

    private LotteryFolder(Path folder, List<RoundResult> results) {
        this.folder = folder;
        this.results = new ArrayList<>(results);
    }

    /**
     * Begins a lottery.
     *
     * @param folder the folder to appear; an empty one counts as new
     * @param force whether an existing one may be replaced, with all that it holds
     * @param config how
     * @param data the samples
     * @return the folder, without results
     * @throws FileAlreadyExistsException if it exists, is not empty and must not be replaced
     * @throws IOException if it cannot be written
     */
    public static LotteryFolder create(Path folder, boolean force, LotteryConfig config, LotteryData data)
            throws IOException {
        OutputFolder.write(folder, force, fresh -> {
            write(fresh.resolve(CARD), LotteryCard.of(config, data).text());
            write(fresh.resolve(RESULTS), "");
            Files.createDirectory(fresh.resolve(MASKS));
        });
        return new LotteryFolder(folder, List.of());
    }

    /**
     * Continues a lottery, with more rounds, seeds or controls where they are asked for; begins it where there is none yet.
     *
     * @param folder the folder
     * @param config how
     * @param data the samples
     * @return the folder with the results that it has
     * @throws IllegalArgumentException if the lottery in it is another one; the message names the first difference
     * @throws FileAlreadyExistsException if it holds something else
     * @throws MalformedFileException if a file of it is malformed
     * @throws IOException if it cannot be read or written
     */
    public static LotteryFolder resume(Path folder, LotteryConfig config, LotteryData data) throws IOException {
        Path file = folder.resolve(CARD);
        if (!Files.exists(file)) {
            if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !isEmpty(folder)) {
                throw new FileAlreadyExistsException(
                        folder.toString(), null, "holds no lottery (" + CARD + " is missing)");
            }
            return create(folder, false, config, data);
        }
        LotteryCard card = LotteryCard.of(config, data);
        card.requireContinues(LotteryCard.read(file), file);
        LotteryFolder found = new LotteryFolder(folder, ResultLines.read(folder.resolve(RESULTS)));
        write(file, card.text());
        return found;
    }

    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (var files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }

    /** {@return where it is} */
    public Path path() {
        return folder;
    }

    /** {@return the results, by seed, round and variant} */
    @Override
    public List<RoundResult> results() {
        return results.stream().sorted(ORDER).toList();
    }

    @Override
    public void keep(RoundResult result) throws IOException {
        results.add(result);
        write(folder.resolve(RESULTS), ResultLines.write(results()));
    }

    /**
     * The masks of a round.
     *
     * @param seed the seed of the replicate
     * @param round the round, >= 1
     * @return masks by parameter name, in state-dict order
     * @throws java.nio.file.NoSuchFileException if they are not there
     * @throws MalformedFileException if they are malformed, or those of another model
     * @throws IOException if they cannot be read
     */
    @Override
    public Map<String, Mask> masks(long seed, int round) throws IOException {
        Path file = maskFile(seed, round);
        Map<String, Mask> masks = MaskFile.read(file).stored().masks();
        for (RoundResult result : results) {
            if (result.seed() == seed && result.round() == 0) {
                long weights = masks.values().stream().mapToLong(Mask::size).sum();
                if (!masks.keySet().equals(result.layers().keySet()) || weights != result.prunable()) {
                    throw MalformedFileException.of(
                            file,
                            "masks",
                            String.join(", ", masks.keySet()) + " with " + weights + " weights",
                            String.join(", ", result.layers().keySet()) + " with " + result.prunable());
                }
            }
        }
        return masks;
    }

    @Override
    public void keep(long seed, int round, TicketMasks.Found found) throws IOException {
        Path file = maskFile(seed, round);
        Files.createDirectories(file.getParent());
        StoredMasks stored = new StoredMasks(found.masks(), Set.of(), true);
        MaskBitmaps.write(file, stored, found.record(), Optional.of(PlanJson.write(found.plan())));
    }

    /**
     * Where the masks of a round are.
     *
     * @param seed the seed of the replicate
     * @param round the round, >= 1
     * @return the file, which may not be there yet
     */
    public Path maskFile(long seed, int round) {
        return folder.resolve(MASKS).resolve("seed-" + seed).resolve("round-" + round + ".roaring");
    }

    private static void write(Path file, String text) throws IOException {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
