package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/** One call of the command inside this JVM. */
public record CommandRun(int code, String out, String err) {

    private static final ObjectMapper JSON = new ObjectMapper();

    public static CommandRun of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] line = Arrays.stream(args).map(String::valueOf).toArray(String[]::new);
        int code = Detinit.run(line, new PrintWriter(out), new PrintWriter(err, true));
        return new CommandRun(code, out.toString(), err.toString());
    }

    public JsonNode json() throws IOException {
        assertEquals(1, out.lines().count(), "one JSON object and nothing else: " + out);
        return JSON.readTree(out);
    }

    /** Exactly one line on stderr (and nothing on stdout). */
    public String error() {
        assertEquals("", out);
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("detinit: "), err);
        return err;
    }
}
