package io.detinit.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What every subcommand has: the global options, {@code --json}, and where data and messages go. */
@SuppressWarnings("NullAway.Init") // picocli fills the fields
abstract class BaseCommand implements Callable<Integer> {

    static final JsonMapper JSON = new JsonMapper();

    @ParentCommand
    Detinit root;

    @Spec
    CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object on stdout and nothing else.")
    boolean json;

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    Terminal terminal() {
        return Terminal.of(spec.commandLine().getErr(), root);
    }

    void print(ObjectNode object) {
        try {
            out().println(JSON.writeValueAsString(object));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** JSON has no NaN and no infinity: they become null. */
    static void put(ObjectNode object, String field, double value) {
        if (Double.isFinite(value)) {
            object.put(field, value);
        } else {
            object.putNull(field);
        }
    }
}
