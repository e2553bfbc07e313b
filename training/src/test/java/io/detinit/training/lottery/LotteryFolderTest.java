package io.detinit.training.lottery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.mask.Criterion;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.mask.MaskBitmaps;
import io.detinit.interop.mask.MaskFile;
import io.detinit.interop.mask.MaskRecord;
import io.detinit.interop.mask.StoredMasks;
import io.detinit.training.Score;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LotteryFolderTest {

    private static final LotteryConfig CONFIG =
            FewDigits.lottery().controls(EnumSet.of(Variant.REINIT)).build();

    @TempDir
    Path scratch;

    /** Stops a lottery in the middle of a training. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static Map<String, String> content(Path folder) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                content.put(
                        folder.relativize(file).toString(),
                        new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return content;
    }

    private Path complete(LotteryConfig config) throws IOException {
        Path folder = scratch.resolve("complete");
        Lottery.run(
                config,
                FewDigits.DATA,
                LotteryFolder.create(folder, true, config, FewDigits.DATA),
                LotteryListener.NONE);
        return folder;
    }

    @Test
    void aLotteryThatIsStoppedAnywhereGoesOnToTheSameBytes() throws IOException {
        Map<String, String> complete = content(complete(CONFIG));
        assertEquals(
                List.of(
                        "lottery.json",
                        "masks/seed-7/round-1.roaring",
                        "masks/seed-7/round-2.roaring",
                        "masks/seed-7/round-3.roaring",
                        "results.jsonl"),
                List.copyOf(complete.keySet()));
        Path folder = scratch.resolve("stopped");
        int stops = 0;
        for (int attempt = 0; attempt < 20; attempt++) {
            LotteryFolder found = LotteryFolder.resume(folder, CONFIG, FewDigits.DATA);
            assertEquals(Math.min(attempt, 5), found.results().size());
            // one more training, then stopped within the next
            LotteryListener killer = new LotteryListener() {
                @Override
                public void onStep(LotteryProgress progress) {
                    if (progress.stepsDone() == 44) {
                        throw new Killed();
                    }
                }
            };
            try {
                List<RoundResult> results = Lottery.run(CONFIG, FewDigits.DATA, found, killer);
                assertEquals(5, results.size());
                break;
            } catch (Killed e) {
                stops++;
            }
        }
        assertEquals(4, stops);
        assertEquals(complete, content(folder));
        assertEquals(
                FewDigits.run(CONFIG).results,
                LotteryFolder.resume(folder, CONFIG, FewDigits.DATA).results(),
                "what is read is what was measured");
    }

    @Test
    void masksSayHowTheyWereMadeAndAreReadAgain() throws IOException {
        Path folder = complete(CONFIG);
        FewDigits.Heard heard = FewDigits.run(CONFIG);
        LotteryFolder found = LotteryFolder.resume(folder, CONFIG, FewDigits.DATA);
        assertEquals(heard.masks(2, Variant.TICKET), found.masks(7, 2));
        MaskFile file = MaskFile.read(found.maskFile(7, 2));
        String record = file.metadata().get("detinit.mask");
        assertTrue(record.contains("\"criterion\":\"magnitude\""), record);
        assertTrue(record.contains("lottery, seed 7, trained in round 1"), record);
        assertTrue(file.metadata().containsKey("detinit.plan"));
        assertTrue(file.stored().orderKnown());
    }

    @Test
    void moreCanBeAskedForAndNothingElse() throws IOException {
        LotteryConfig small = FewDigits.lottery().rounds(1).build();
        Path folder = complete(small);
        LotteryConfig more = FewDigits.lottery()
                .rounds(2)
                .seeds(List.of(7L, 8L))
                .controls(EnumSet.of(Variant.REINIT))
                .build();
        FewDigits.Heard heard = new FewDigits.Heard();
        List<RoundResult> results =
                Lottery.run(more, FewDigits.DATA, LotteryFolder.resume(folder, more, FewDigits.DATA), heard);
        assertEquals(10, results.size());
        assertEquals(8, heard.results.size(), "two were done");
        List<RoundResult> fresh = Lottery.run(more, FewDigits.DATA, LotteryListener.NONE);
        assertEquals(fresh, results);
        List<LotteryConfig.Builder> others = List.of(
                FewDigits.lottery().rounds(1).seeds(List.of(7L, 8L)).controls(EnumSet.of(Variant.REINIT)),
                FewDigits.lottery().seeds(List.of(8L)).controls(EnumSet.of(Variant.REINIT)),
                FewDigits.lottery().seeds(List.of(7L, 8L)),
                FewDigits.lottery()
                        .seeds(List.of(7L, 8L))
                        .controls(EnumSet.of(Variant.REINIT))
                        .criterion(Criterion.MOVEMENT));
        for (String field : List.of("rounds", "seeds", "controls", "pruning.criterion")) {
            LotteryConfig other = others.get(List.of("rounds", "seeds", "controls", "pruning.criterion")
                            .indexOf(field))
                    .build();
            String message = assertThrows(
                            IllegalArgumentException.class, () -> LotteryFolder.resume(folder, other, FewDigits.DATA))
                    .getMessage();
            assertTrue(
                    message.contains("lottery.json: " + field + " was ")
                            && message.lines().count() == 1,
                    message);
        }
        LotteryData otherData = new LotteryData(
                FewDigits.DATA.train(), FewDigits.DATA.validation(), FewDigits.DATA.test(), Map.of("name", "others"));
        assertThrows(IllegalArgumentException.class, () -> LotteryFolder.resume(folder, more, otherData));
    }

    @Test
    void whatIsMissingOrMalformedIsSaid() throws IOException {
        Path folder = complete(FewDigits.lottery().rounds(1).build());
        LotteryConfig more = FewDigits.lottery().build();
        Files.delete(folder.resolve("masks/seed-7/round-2.roaring"));
        LotteryFolder opened = LotteryFolder.resume(folder, more, FewDigits.DATA);
        assertThrows(NoSuchFileException.class, () -> Lottery.run(more, FewDigits.DATA, opened, LotteryListener.NONE));
        Mask stranger = Mask.of(TensorShape.of(3, 4), k -> true);
        MaskBitmaps.write(
                folder.resolve("masks/seed-7/round-2.roaring"),
                new StoredMasks(Map.of("fc1.weight", stranger), Set.of(), true),
                MaskRecord.of("none", List.of(), "test"),
                Optional.empty());
        String strange = assertThrows(
                        MalformedFileException.class,
                        () -> Lottery.run(more, FewDigits.DATA, opened, LotteryListener.NONE))
                .getMessage();
        assertTrue(strange.contains("round-2.roaring") && strange.contains("fc2.weight"), strange);
        String good = Files.readString(folder.resolve("results.jsonl"));
        for (String bad : List.of(
                "{\n",
                "[]\n",
                good + good,
                good.replace("\"round\":1", "\"round\":-1"),
                good.replaceFirst("\"kept\":\\d+", "\"kept\":5"),
                good.replace("\"variant\":\"ticket\"", "\"variant\":\"prize\""),
                good.replaceFirst("\"testAccuracy\":[0-9.]+", "\"testAccuracy\":2"),
                good.replaceFirst("\"validationLoss\":[0-9.E-]+", "\"validationLoss\":\"low\""))) {
            Files.writeString(folder.resolve("results.jsonl"), bad);
            String message = assertThrows(
                            MalformedFileException.class, () -> LotteryFolder.resume(folder, more, FewDigits.DATA), bad)
                    .getMessage();
            assertTrue(message.contains("results.jsonl") && message.contains("line "), message);
        }
        Files.writeString(folder.resolve("lottery.json"), "{}");
        assertThrows(MalformedFileException.class, () -> LotteryFolder.resume(folder, more, FewDigits.DATA));
        Path mine = Files.createDirectory(scratch.resolve("mine"));
        Files.writeString(mine.resolve("note"), "x");
        assertThrows(FileAlreadyExistsException.class, () -> LotteryFolder.resume(mine, more, FewDigits.DATA));
        assertThrows(FileAlreadyExistsException.class, () -> LotteryFolder.create(mine, false, more, FewDigits.DATA));
        assertTrue(Files.exists(mine.resolve("note")));
        LotteryFolder.create(mine, true, more, FewDigits.DATA);
        assertFalse(Files.exists(mine.resolve("note")));
    }

    private static RoundResult result(long seed, int round, Variant variant, long kept, long step, double accuracy) {
        Evaluation evaluation = new Evaluation(step, new Score(Double.NaN, 0.5), new Score(1, accuracy));
        Evaluation end = new Evaluation(9, new Score(1, 0.5), new Score(Double.NaN, accuracy / 2));
        return new RoundResult(seed, round, variant, seed, Map.of("a", kept), 100, evaluation, end);
    }

    @Test
    void replicatesAreSummedUp() {
        List<RoundResult> results = List.of(
                result(1, 0, Variant.TICKET, 100, 4, 0.8),
                result(2, 0, Variant.TICKET, 100, 6, 0.9),
                result(1, 1, Variant.TICKET, 50, 2, 0.84),
                result(2, 1, Variant.TICKET, 50, 4, 0.88),
                result(1, 2, Variant.TICKET, 25, 2, 0.5),
                result(2, 2, Variant.TICKET, 25, 2, 0.5),
                result(1, 1, Variant.REINIT, 50, 8, 0.7),
                result(2, 1, Variant.REINIT, 50, 8, 0.8));
        List<RoundSummary> summaries = RoundSummary.of(results);
        assertEquals(4, summaries.size());
        RoundSummary first = summaries.get(1);
        assertEquals(0.86, first.earlyStopAccuracy().mean(), 1e-12);
        assertEquals(new Spread(3, 2, 4), first.earlyStopStep());
        assertEquals(0.42, first.endAccuracy().min());
        assertEquals(0.5, first.density());
        assertEquals(2, first.replicates());
        assertEquals(
                1,
                RoundSummary.smallestMatching(summaries, Variant.TICKET)
                        .orElseThrow()
                        .round());
        assertTrue(RoundSummary.smallestMatching(summaries, Variant.REINIT).isEmpty());
    }

    @Test
    void aLossThatIsNoNumberIsReadAgain() throws IOException {
        List<RoundResult> results = List.of(result(-1, 0, Variant.TICKET, 100, 4, 0.25));
        Path file = scratch.resolve("results.jsonl");
        Files.writeString(file, ResultLines.write(results));
        assertEquals(results, ResultLines.read(file));
    }
}
