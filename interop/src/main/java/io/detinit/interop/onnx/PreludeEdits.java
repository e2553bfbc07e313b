package io.detinit.interop.onnx;

import io.detinit.interop.tensor.TensorView;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Puts a prelude into a model: what {@link OnnxRewriter} changes beside the initializers that go. */
final class PreludeEdits {

    /** From this version of the format on, an input that names an initializer is a default that a caller may override. */
    private static final int DENSE_IS_NO_INPUT = 4;

    private static final int MAX_NAME_BYTES = 1 << 16;

    private final FileWindow file;
    private final ModelLayout layout;
    private final GraphPrelude prelude;
    private final MessageEdits edits;

    PreludeEdits(FileWindow file, ModelLayout layout, GraphPrelude prelude, MessageEdits edits) {
        this.file = file;
        this.layout = layout;
        this.prelude = prelude;
        this.edits = edits;
    }

    /** Adds nodes, initializers, functions and the versions that they need. */
    void apply() throws IOException {
        Frame root = layout.model();
        boolean opsetSeen = false;
        boolean domainSeen = false;
        WireCursor model = WireCursor.over(file, "model", root);
        while (model.next()) {
            switch (model.field()) {
                case ModelField.IR_VERSION -> {
                    if (layout.irVersion() < prelude.irVersion()) {
                        replace(model, Piece.number(ModelField.IR_VERSION, prelude.irVersion()));
                    }
                }
                case ModelField.OPSET_IMPORT -> {
                    OperatorSet set = OperatorSet.read(model.nested("opset_import"));
                    if (set.isDefault()) {
                        opsetSeen = true;
                        if (set.version() < prelude.opset()) {
                            replace(model, new OperatorSet("", prelude.opset()).piece());
                        }
                    }
                    domainSeen |= set.domain().equals(prelude.domain());
                }
                case ModelField.GRAPH -> graph(model.frame(root, "graph"));
                default -> {}
            }
        }
        List<Piece> added = new ArrayList<>();
        if (!opsetSeen) {
            added.add(new OperatorSet("", prelude.opset()).piece());
        }
        if (!domainSeen) {
            added.add(new OperatorSet(prelude.domain(), 1).piece());
        }
        prelude.functions().forEach(function -> added.add(Piece.message(ModelField.FUNCTIONS, function)));
        edits.append(root, added);
    }

    private void replace(WireCursor model, Piece piece) {
        edits.replace(layout.model(), model.fieldStart(), model.fieldEnd(), List.of(piece));
    }

    private void graph(Frame graph) throws IOException {
        List<Piece> first = new ArrayList<>();
        prelude.nodes().forEach(node -> first.add(Piece.message(ModelField.GRAPH_NODE, node)));
        edits.replace(graph, graph.from(), graph.from(), first);
        boolean listed = layout.irVersion() < DENSE_IS_NO_INPUT;
        WireCursor fields = WireCursor.over(file, "graph", graph);
        while (fields.next()) {
            if (listed && fields.field() == ModelField.GRAPH_INPUT && isInitializer(fields.nested("input"))) {
                edits.replace(graph, fields.fieldStart(), fields.fieldEnd(), List.of());
            }
        }
        List<Piece> added = new ArrayList<>();
        for (Map.Entry<String, TensorView> entry : prelude.initializers().entrySet()) {
            added.addAll(initializer(entry.getKey(), entry.getValue()));
        }
        edits.append(graph, added);
    }

    private boolean isInitializer(WireCursor info) throws IOException {
        while (info.next()) {
            if (info.field() == ModelField.VALUE_INFO_NAME) {
                String name = info.text("name", MAX_NAME_BYTES);
                return layout.tensors().stream()
                        .map(ModelLayout.Entry::tensor)
                        .anyMatch(tensor ->
                                tensor.name().equals(name) && !tensor.place().isConstantNode());
            }
        }
        return false;
    }

    /** An initializer whose elements are little-endian bytes in the model. */
    static List<Piece> initializer(String name, TensorView tensor) {
        List<Piece> fields = new ArrayList<>();
        for (long dim : tensor.info().shape().dims()) {
            fields.add(Piece.number(TensorField.DIMS, dim));
        }
        fields.add(Piece.number(
                TensorField.DATA_TYPE, OnnxType.of(tensor.info().dtype()).number()));
        fields.add(Piece.text(TensorField.NAME, name));
        fields.add(Piece.header(TensorField.RAW_DATA, tensor.info().bytes()));
        fields.add(new Piece.Elements(tensor));
        fields.add(0, Piece.header(ModelField.GRAPH_INITIALIZER, Piece.length(fields)));
        return fields;
    }

    /**
     * An OperatorSetIdProto.
     *
     * @param domain "" or "ai.onnx" for the default one
     * @param version its version
     */
    record OperatorSet(String domain, long version) {

        static OperatorSet read(WireCursor cursor) throws IOException {
            String domain = "";
            long version = 0;
            while (cursor.next()) {
                if (cursor.field() == ModelField.OPERATOR_SET_DOMAIN) {
                    domain = cursor.text("domain", MAX_NAME_BYTES);
                } else if (cursor.field() == ModelField.OPERATOR_SET_VERSION) {
                    version = cursor.number("version");
                }
            }
            return new OperatorSet(Objects.requireNonNull(domain), version);
        }

        boolean isDefault() {
            return domain.isEmpty() || domain.equals("ai.onnx");
        }

        Piece piece() {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            if (!domain.isEmpty()) {
                out.writeBytes(
                        Piece.text(ModelField.OPERATOR_SET_DOMAIN, domain).bytes());
            }
            out.writeBytes(
                    Piece.number(ModelField.OPERATOR_SET_VERSION, version).bytes());
            return Piece.message(ModelField.OPSET_IMPORT, out.toByteArray());
        }
    }
}
