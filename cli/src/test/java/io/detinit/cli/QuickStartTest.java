package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.Scheme;
import io.detinit.generator.TensorInit;
import io.detinit.interop.audit.Movement;
import io.detinit.interop.mask.Mask;
import io.detinit.interop.prune.Fill;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The README's quick start: compiled here, and the README holds the very same lines. */
class QuickStartTest {

    private static float[] train(float[] weights) {
        float[] trained = weights.clone();
        for (int k = 0; k < trained.length; k += 3) {
            trained[k] += 0.01f;
        }
        return trained;
    }

    @Test
    void theReadmesLinesWork() {
        // README begin
        TensorInit init = TensorInit.matrix(42, 0, 256, 784, Scheme.HE); // seed, layer, rows, cols, scheme
        float[] weights = init.toArray();
        float again = init.weight(3, 17); // any single weight, at any time

        float[] trained = train(weights);

        Movement movement = Movement.of(trained, init, 1e-5);
        System.Logger log = System.getLogger("quickstart");
        log.log(System.Logger.Level.INFO, "moved {0} %", movement.movedPercent());
        log.log(System.Logger.Level.INFO, "sleeping {0} %", movement.sleepingPercent());
        Mask awakened = Mask.ofMoved(trained, init, 1e-5);
        float[] zeroed = Fill.ZERO.apply(trained, awakened, init); // changes the network
        float[] putBack = Fill.INIT.apply(trained, awakened, init); // hardly does
        // README end
        assertEquals(weights[3 * 784 + 17], again);
        assertEquals(100.0 / 3, movement.movedPercent(), 0.001);
        assertEquals(movement.audit().moved(), awakened.kept());
        assertEquals(trained[0], zeroed[0]);
        assertEquals(0, zeroed[1]);
        assertEquals(weights[1], putBack[1]);
    }

    @Test
    void theReadmeShowsTheseLines() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("detinit"))) {
            root = root.getParent();
        }
        String test = Files.readString(
                root.resolve("cli/src/test/java").resolve(getClass().getName().replace('.', '/') + ".java"));
        String lines = test.substring(test.indexOf("// README begin") + 15, test.indexOf("// README end"))
                .strip()
                .replaceAll("\\n {8}", "\n");
        assertTrue(lines.lines().filter(line -> !line.isBlank()).count() <= 15);
        String readme = Files.readString(root.resolve("README.md"));
        assertTrue(readme.contains(lines), "README.md does not hold the quick start as it is compiled here");
    }
}
