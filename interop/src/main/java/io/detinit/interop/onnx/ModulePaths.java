package io.detinit.interop.onnx;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The path of the PyTorch module that a node came from: exporters rename weights ({@code onnx::MatMul_499}, {@code val_0})
 * but say in the node where it was.
 */
final class ModulePaths {

    private static final Pattern QUOTED = Pattern.compile("'([^']*)'");
    private static final int MAX_VALUE_BYTES = 1 << 14;
    private static final String SCOPES = "pkg.torch.onnx.name_scopes";
    private static final String FOLDED_FROM = "pkg.onnxscript.optimizer.folded_from";

    private ModulePaths() {}

    /**
     * Of a node: from its metadata (the dynamo exporter: {@code ['', 'net', 'net.0', 'linear']} is in {@code net.0}), else from
     * its name (the TorchScript exporter since PyTorch 1.13: {@code /net/net.0/MatMul}).
     *
     * @return the path, empty where nothing says it
     */
    static String of(FileWindow file, Node node) throws IOException {
        List<String> scopes = quoted(metadata(file, node.frame(), ModelField.NODE_METADATA_PROPS, SCOPES));
        return scopes.size() >= 2 ? scopes.get(scopes.size() - 2) : ofName(node.name());
    }

    static String ofName(String node) {
        if (!node.startsWith("/")) {
            return "";
        }
        String[] parts = node.substring(1).split("/", -1);
        StringBuilder path = new StringBuilder();
        String last = "";
        for (int k = 0; k < parts.length - 1; k++) {
            if (k > 0 && parts[k].startsWith(last + ".")) { // a child of a container repeats the container's name
                path.setLength(path.length() - last.length());
            } else if (k > 0) {
                path.append('.');
            }
            path.append(parts[k]);
            last = parts[k];
        }
        return path.toString();
    }

    /** The module of the parameter that a value was folded from, as the value's ValueInfoProto says; empty where it does not. */
    static String ofValue(FileWindow file, Frame valueInfo) throws IOException {
        List<String> sources = quoted(metadata(file, valueInfo, ModelField.VALUE_INFO_METADATA_PROPS, FOLDED_FROM));
        if (sources.isEmpty() || sources.get(0).indexOf('.') < 0) {
            return "";
        }
        return sources.get(0).substring(0, sources.get(0).lastIndexOf('.'));
    }

    private static String metadata(FileWindow file, Frame frame, int field, String key) throws IOException {
        WireCursor fields = WireCursor.over(file, "metadata", frame);
        while (fields.next()) {
            if (fields.field() == field
                    && fields.wireType() == WireCursor.BYTES
                    && fields.valueLength() <= MAX_VALUE_BYTES) {
                var entry = ModelLayout.entry(fields.nested("metadata_props"));
                if (entry.getKey().equals(key)) {
                    return entry.getValue();
                }
            }
        }
        return "";
    }

    private static List<String> quoted(String list) {
        List<String> words = new ArrayList<>();
        Matcher matcher = QUOTED.matcher(list);
        while (matcher.find()) {
            words.add(matcher.group(1));
        }
        return words;
    }
}
