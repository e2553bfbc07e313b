package io.detinit.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.cli.report.Text;
import io.detinit.interop.export.OnnxExporter;
import io.detinit.training.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A DJL-trained model as ONNX. */
@Command(
        name = "export",
        description = {
            "Write a model that 'train' left (its run.json, plan.json and DJL's model.params) as ONNX, with the plan and the "
                    + "run card in its metadata ('inspect' shows them)."
        },
        footer = {"", "Example: detinit export run -o model.onnx", "Example: detinit export run --opset 13 -o old.onnx"
        })
final class ExportCommand extends BaseCommand {

    @Parameters(paramLabel = "DIR", description = "A folder that 'train' wrote.")
    Path folder = Path.of("");

    @Option(names = "-o", required = true, paramLabel = "M.onnx", description = "The file to write.")
    Path output = Path.of("");

    @Option(
            names = "--opset",
            paramLabel = "N",
            description = "The ONNX operator set, 13 to 21 (default: ${DEFAULT-VALUE}).")
    int opset = OnnxExporter.OPSET;

    @Option(names = "--force", description = "Replace an existing file.")
    boolean force;

    @Override
    public Integer call() throws IOException {
        Outputs.check(output, force);
        RunFolder.export(folder, output, opset);
        if (json) {
            ObjectNode object = JSON.createObjectNode();
            object.put("input", folder.toString());
            object.put("output", output.toString());
            object.put("opset", opset);
            object.put("bytes", Files.size(output));
            print(object);
        } else {
            out().println("wrote " + output + " (" + Text.count(Files.size(output)) + " bytes, opset " + opset + ")");
        }
        return ExitCode.DONE;
    }
}
