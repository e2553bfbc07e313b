package io.detinit.cli;

import ai.djl.engine.EngineException;
import io.detinit.cli.option.Seed;
import io.detinit.cli.option.ToolVersion;
import io.detinit.cli.option.UsageException;
import io.detinit.generator.InvalidPlanException;
import io.detinit.interop.file.FileErrors;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.shrink.UnequalOutputsException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The root of the command: global options, subcommands, and the one place that turns errors into exit codes. */
@Command(
        name = "detinit",
        description = "Which weights actually learned? Initial weights are a pure function of (seed, layer, i, j): "
                + "regenerate them, compare, prune, export.",
        versionProvider = Detinit.Version.class,
        subcommands = {
            MatrixCommand.class,
            InspectCommand.class,
            PlanCommand.class,
            InitCommand.class,
            TrainCommand.class,
            LotteryCommand.class,
            AuditCommand.class,
            IdentifyCommand.class,
            MaskCommand.class,
            MasksCommand.class,
            PruneCommand.class,
            TransferCommand.class,
            SensitivityCommand.class,
            CriticalityCommand.class,
            ThresholdCheckCommand.class,
            DeltaCommand.class,
            ExportCommand.class,
            EvalCommand.class,
            VerifyCommand.class,
            DemoCommand.class
        },
        footer = {
            "",
            "Exit codes: 0 done, 1 a gate failed, 2 usage, 3 malformed or unsupported input, 4 I/O, 70 a bug, 130 stopped by Ctrl-C.",
            "Example: detinit demo"
        })
final class Detinit {

    @Option(
            names = "--threads",
            paramLabel = "N",
            scope = ScopeType.INHERIT,
            description =
                    "Threads to use (default: all processors). Audits and pruned files do not depend on it; the last bits "
                            + "of training do.")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "-v", scope = ScopeType.INHERIT, description = "More messages, and stack traces of errors.")
    boolean verbose;

    @Option(names = "--no-color", scope = ScopeType.INHERIT, description = "No colours and no redrawn lines.")
    boolean noColor;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help and exit.")
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version and exit.")
    boolean version;

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {ToolVersion.name()};
        }
    }

    /**
     * Runs the command.
     *
     * @param args the command line
     * @param out receives data
     * @param err receives messages and progress
     * @return the exit code
     */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        Detinit root = new Detinit();
        CommandLine line = new CommandLine(root)
                .setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setAbbreviatedOptionsAllowed(false)
                .registerConverter(Seed.class, Seed::parse);
        line.setParameterExceptionHandler((e, ignored) -> {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            err.println("detinit: " + message);
            err.println("Try 'detinit" + subcommand(e.getCommandLine()) + " --help'.");
            return ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((e, ignored, parsed) -> report(e, root.verbose, err));
        line.setExecutionStrategy(parsed -> {
            if (root.threads < 1) {
                throw new CommandLine.ParameterException(line, "--threads " + root.threads + ": at least 1 is needed");
            }
            Runtimes.configure(root);
            return new CommandLine.RunLast().execute(parsed);
        });
        int code;
        try {
            code = line.execute(args);
        } catch (Error e) { // out of memory, a native library that does not load
            code = report(e, root.verbose, err);
        }
        if (args.length == 0) {
            line.usage(err);
            return ExitCode.USAGE;
        }
        return code;
    }

    private static String subcommand(CommandLine line) {
        return line.getParent() == null ? "" : " " + line.getCommandName();
    }

    private static int report(Throwable e, boolean verbose, PrintWriter err) {
        Throwable cause = e instanceof UncheckedIOException && e.getCause() != null ? e.getCause() : e;
        int code;
        String message;
        if (cause instanceof MalformedFileException || cause instanceof InvalidPlanException) {
            code = ExitCode.MALFORMED;
            message = String.valueOf(cause.getMessage());
        } else if (cause instanceof UnequalOutputsException) {
            code = ExitCode.GATE;
            message = String.valueOf(cause.getMessage());
        } else if (cause instanceof FileAlreadyExistsException exists) {
            code = ExitCode.USAGE;
            message = FileErrors.describe(exists, "exists; --force replaces it");
        } else if (cause instanceof IOException io) {
            code = ExitCode.IO;
            message = FileErrors.describe(io);
        } else if (cause instanceof EngineException || cause instanceof UnsatisfiedLinkError) {
            code = ExitCode.IO;
            Throwable root = cause;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            message = "a native library (DJL's PyTorch engine, ONNX Runtime) did not load: " + root.getMessage()
                    + "; DJL unpacks its own into ~/.djl.ai, DJL_CACHE_DIR names another folder";
        } else if (cause instanceof UsageException || cause instanceof IllegalArgumentException) {
            code = ExitCode.USAGE;
            message = String.valueOf(cause.getMessage());
        } else {
            code = ExitCode.BUG;
            message = "this is a bug, please report it: " + cause;
        }
        err.println("detinit: " + message.replaceAll("\\R", " "));
        if (verbose) {
            cause.printStackTrace(err);
        }
        return code;
    }
}
