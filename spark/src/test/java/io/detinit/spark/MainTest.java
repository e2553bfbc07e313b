package io.detinit.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.cli.option.ToolVersion;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** {@code java -jar detinit-spark.jar}. */
class MainTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    }

    @Test
    void itSaysWhatItCanDo() {
        assertEquals(0, run("--help"));
        assertTrue(out.toString().startsWith("Usage: java -jar detinit-spark.jar JOB [OPTIONS]"), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void itsVersion() {
        assertEquals(0, run("--version"));
        assertEquals(ToolVersion.name(), out.toString().strip());
    }

    @Test
    void anUnknownJob() {
        assertEquals(2, run("auditjob"));
        assertTrue(err.toString().startsWith("'auditjob' is no job. Usage: "), err.toString());
        assertEquals(2, run());
        assertEquals("", out.toString());
    }

    @Test
    void aJobGetsTheRest() {
        assertEquals(0, run("AuditJob", "--version"));
        assertEquals(ToolVersion.name(), out.toString().strip());
    }
}
