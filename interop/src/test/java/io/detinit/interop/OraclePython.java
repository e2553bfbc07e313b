package io.detinit.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Python that the environment variable DETINIT_ORACLE_PYTHON names; a test that needs it is skipped without. */
public final class OraclePython {

    private OraclePython() {}

    /**
     * Runs a script.
     *
     * @param script the script
     * @param arguments its arguments
     * @return what it printed; its errors go to this process's
     */
    public static String run(Path script, Object... arguments) throws IOException, InterruptedException {
        String python = System.getenv("DETINIT_ORACLE_PYTHON");
        assumeTrue(python != null && !python.isEmpty(), "DETINIT_ORACLE_PYTHON is not set");
        List<String> command = new ArrayList<>(List.of(python, script.toString()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}
