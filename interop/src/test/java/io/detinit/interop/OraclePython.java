package io.detinit.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Python that the environment variable DETINIT_ORACLE_PYTHON names. A test that needs it is skipped without, and also where
 * that Python lacks a package that the test needs.
 */
public final class OraclePython {

    private static final Pattern LACKING = Pattern.compile(
            "ModuleNotFoundError: No module named '(numpy|onnx|onnxruntime|safetensors|torch)(\\..*)?'");

    private OraclePython() {}

    /**
     * Runs a script.
     *
     * @param script the script
     * @param arguments its arguments
     * @return what it printed; its errors go to this process's
     */
    public static String run(Path script, Object... arguments) throws IOException, InterruptedException {
        return python(List.of(script.toString()), arguments);
    }

    /**
     * Runs a program.
     *
     * @param program its text
     * @param arguments its arguments
     * @return the lines that it printed; its errors go to this process's
     */
    public static List<String> lines(String program, Object... arguments) throws IOException, InterruptedException {
        return python(List.of("-c", program), arguments).lines().toList();
    }

    private static String python(List<String> program, Object... arguments) throws IOException, InterruptedException {
        String python = System.getenv("DETINIT_ORACLE_PYTHON");
        assumeTrue(python != null && !python.isEmpty(), "DETINIT_ORACLE_PYTHON is not set");
        List<String> command = new ArrayList<>(List.of(python));
        command.addAll(program);
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        Path errors = Files.createTempFile("oracle", ".txt");
        try {
            Process process =
                    new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            String said = Files.readString(errors);
            System.err.print(said);
            Matcher lacking = LACKING.matcher(said);
            assumeFalse(status != 0 && lacking.find(), () -> "the Python at hand lacks a package: " + lacking.group());
            assertEquals(0, status, output + said);
            return output;
        } finally {
            Files.delete(errors);
        }
    }
}
