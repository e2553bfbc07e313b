package io.detinit.interop.interrupt;

import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that writes models over and over, or once, until it is killed. */
final class RewriteLoop {

    /** Where the output lies beside the input. */
    static final String OUTPUT = "out";

    private RewriteLoop() {}

    /**
     * Writes.
     *
     * @param arguments {@code loop FOLDER START}: copies every model into {@link #OUTPUT} and over itself, with the numbers START,
     *     START + 1 and so on; {@code once FOLDER MODEL}: writes one over its copy, and says how that ends in the file
     *     {@code result}
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        if (arguments[0].equals("once")) {
            once(folder, WrittenModel.valueOf(arguments[2]));
            return;
        }
        Files.writeString(folder.resolve("started"), "");
        for (float number = Float.parseFloat(arguments[2]); ; number++) {
            for (WrittenModel model : WrittenModel.values()) {
                rewrite(model, folder, folder.resolve(OUTPUT), number);
                rewrite(model, folder, folder, number);
            }
        }
    }

    private static void once(Path folder, WrittenModel model) throws IOException {
        String result = "written";
        try {
            rewrite(model, folder, folder.resolve(OUTPUT), 7);
        } catch (IOException e) {
            result = "IOException";
        }
        Files.writeString(folder.resolve("result"), result);
    }

    static void rewrite(WrittenModel model, Path from, Path to, float number) throws IOException {
        Path output = model.in(to);
        try (Checkpoint checkpoint = Checkpoints.open(model.in(from))) {
            checkpoint.rewrite(output, WrittenModel.filled(number), java.util.Map.of());
        }
        if (model == WrittenModel.ONNX_EXTERNAL) {
            try (Checkpoint checkpoint = Checkpoints.open(output)) {
                WrittenModel.removeOldData(checkpoint);
            }
        }
    }
}
