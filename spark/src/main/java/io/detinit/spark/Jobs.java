package io.detinit.spark;

import io.detinit.cli.option.Seed;
import io.detinit.cli.option.ToolVersion;
import io.detinit.cli.option.UsageException;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.file.FileErrors;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkException;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** What all jobs share: the engine, and how failures become a line and an exit code. Stateless. */
final class Jobs {

    /** The property that names Log4j's settings. */
    static final String LOGGING = "log4j2.configurationFile";

    static final int GATE = 1;
    private static final int USAGE = 2;
    private static final int MALFORMED = 3;
    private static final int IO = 4;
    private static final int BUG = 70;

    private Jobs() {}

    /**
     * Runs something on the engine.
     *
     * @throws IOException what failed in a task, as the task said it
     */
    static <T> T run(Callable<T> action) throws IOException {
        try {
            return action.call();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) { // the engine throws its checked exceptions past Java's compiler
            Throwable cause = cause(e);
            if (cause instanceof IOException io) {
                throw io;
            }
            if (cause instanceof RuntimeException runtime) {
                throw runtime;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    /** What a task failed of, else the failure itself. */
    private static Throwable cause(Throwable failure) {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            if (e instanceof IOException || e instanceof InvalidPlanException) {
                return e;
            }
        }
        Throwable deepest = failure;
        while (deepest instanceof SparkException && deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        return deepest;
    }

    /** Something that is done with the engine. */
    @FunctionalInterface
    interface Action {
        int run(SparkSession session) throws IOException;
    }

    /** With the session that is active, or with one that is made and stopped; a master makes it an engine of this process. */
    static int withSession(String name, @Nullable String master, Action action) throws IOException {
        boolean mine = SparkSession.getActiveSession().isEmpty()
                && SparkSession.getDefaultSession().isEmpty();
        SparkSession.Builder builder = SparkSession.builder().appName(name);
        if (master != null) {
            builder.master(master).config("spark.ui.enabled", "false");
            if (System.getProperty(LOGGING) == null) {
                builder.config("spark.log.level", "WARN");
            }
            if (master.startsWith("local")) { // also where the machine's own name leads nowhere
                builder.config("spark.driver.host", "localhost").config("spark.driver.bindAddress", "127.0.0.1");
            }
        }
        SparkSession session = builder.getOrCreate();
        try {
            return action.run(session);
        } finally {
            if (mine) {
                session.stop();
            }
        }
    }

    /** Refuses to write where something is. */
    static void checkNew(Path target, Configuration conf, boolean force) throws IOException {
        FileSystem system = target.getFileSystem(conf);
        if (!force && system.exists(target) && system.listStatus(target).length > 0) {
            throw new FileAlreadyExistsException(HadoopBytes.name(target));
        }
    }

    /** What runs a command line and gives its exit code. */
    @FunctionalInterface
    interface Runner {
        int run(String[] args, PrintWriter out, PrintWriter err);
    }

    /** What {@code main} of a job does: on the console, and the process ends with the exit code unless that is 0. */
    static void main(Runner job, String[] args) {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = job.run(args, out, err);
        if (code != 0) {
            System.exit(code);
        }
    }

    /** Runs a command line. */
    static int execute(Object command, String name, String[] args, PrintWriter out, PrintWriter err) {
        CommandLine line = new CommandLine(command).setOut(out).setErr(err).setAbbreviatedOptionsAllowed(false);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.getCommandSpec().version(ToolVersion.name());
        line.registerConverter(Seed.class, Seed::parse);
        line.setParameterExceptionHandler((e, ignored) -> {
            err.println(name + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
            return USAGE;
        });
        line.setExecutionExceptionHandler((e, ignored, parsed) -> report(e, name, err));
        return line.execute(args);
    }

    private static int report(Throwable failure, String name, PrintWriter err) {
        Throwable cause = cause(failure);
        int code;
        String message;
        if (cause instanceof MalformedFileException || cause instanceof InvalidPlanException) {
            code = MALFORMED;
            message = String.valueOf(cause.getMessage());
        } else if (cause instanceof FileAlreadyExistsException exists) {
            code = USAGE;
            message = FileErrors.describe(exists, "exists; --force replaces it");
        } else if (cause instanceof IOException io) {
            code = IO;
            message = FileErrors.describe(io);
        } else if (cause instanceof IllegalArgumentException || cause instanceof UsageException) {
            code = USAGE;
            message = String.valueOf(cause.getMessage());
        } else if (String.valueOf(cause.getMessage()).contains("getSubject is not supported")) {
            code = IO;
            message = "this Hadoop does not run on Java " + Runtime.version().feature()
                    + ": use Hadoop 3.4.3 or later, or Java 17 or 21";
        } else {
            code = BUG;
            message = "this is a bug, please report it: " + cause;
        }
        err.println(name + ": " + message.replaceAll("\\R", " "));
        return code;
    }
}
