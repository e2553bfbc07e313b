package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.detinit.training.data.ImageData;
import io.detinit.training.data.ImageSet;
import io.detinit.training.data.ProceduralDigits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model trained for seconds on a few thousand of the embedded digits, which lie in a folder as MNIST's files do.
 *
 * @param folder the run folder
 * @param data the data set, as {@code --data} takes it
 */
record SmallRun(Path folder, String data) {

    static final int TRAIN = 3000;
    static final int TEST = 600;

    static SmallRun in(Path folder) throws IOException {
        String data = data(folder, TRAIN, TEST);
        Path run = folder.resolve("run");
        CommandRun outcome = CommandRun.of(
                "train",
                "--data",
                data,
                "--seed",
                7,
                "--epochs",
                8,
                "--batch",
                32,
                "--model",
                "mlp:784-24-10",
                "--threads",
                1,
                "--no-audit",
                "-o",
                run);
        assertEquals(0, outcome.code(), outcome.err());
        return new SmallRun(run, data);
    }

    /** The first of the embedded digits in files, as {@code --data} takes them. */
    static String data(Path folder, int train, int test) throws IOException {
        ImageData digits = ProceduralDigits.generate();
        Path images = Files.createDirectory(folder.resolve("images"));
        write(images, "train", digits.train(), train);
        write(images, "t10k", digits.test(), test);
        return "mnist:" + images;
    }

    private static void write(Path folder, String split, ImageSet images, int count) throws IOException {
        int pixels = count * images.features();
        ByteBuffer image = ByteBuffer.allocate(16 + pixels).putInt(0x803).putInt(count);
        image.putInt(images.height()).putInt(images.width()).put(images.pixels(), 0, pixels);
        Files.write(folder.resolve(split + "-images-idx3-ubyte"), image.array());
        ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
        for (int k = 0; k < count; k++) {
            labels.put((byte) images.labels()[k]);
        }
        Files.write(folder.resolve(split + "-labels-idx1-ubyte"), labels.array());
    }

    Path file(String name) {
        return folder.resolve(name);
    }
}
