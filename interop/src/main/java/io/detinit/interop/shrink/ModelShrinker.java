package io.detinit.interop.shrink;

import ai.onnx.proto.OnnxMl;
import io.detinit.interop.file.AtomicFile;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.onnx.OnnxCheckpoint;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.verify.ModelSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Removes the dead units and dead inputs of an ONNX model, so that it computes the same with less.
 *
 * <p>A unit is an output of a Gemm, a MatMul with constant weights or a Conv: a column of activations or a channel. It is dead where
 * one of three certificates holds, and it goes from every tensor on its way. Constant: all weights that make it are 0 (or the scale
 * behind them is), so it has the same value whatever the input is; its value, as ONNX Runtime computes it, goes into the bias of
 * the layers that read it. Copy: the weights that make it and every parameter on its way are those of another unit, bit for bit;
 * its outgoing weights are added to those of the other. Unread: every weight that reads it is 0. Each can make others dead, so
 * this is repeated until nothing is left. An input is dead where all weights that read it are 0, or where they are exactly the
 * initial ones and the calibration set shows it constant; a Gather picks the others, and the inputs of the model stay what they
 * are.
 *
 * <p>What is not understood is left alone, with the reason. Nothing is written unless ONNX Runtime gives the same outputs for
 * both models, within the tolerance. Activations are taken as finite: a NaN or an infinity times a weight of 0 is not 0.
 *
 * <p>Memory: the model a few times over; models beyond 2 GiB are left alone. Stateless; safe for use by many threads.
 */
public final class ModelShrinker {

    /** Each round removes a unit of some layer; far more than any net has layers. */
    private static final int MOST_ROUNDS = 1000;

    private final ShrinkOptions options;
    private final Ledger ledger = new Ledger();
    private final List<Assumption> assumptions = new ArrayList<>();
    private final List<ShrunkInputs> inputs = new ArrayList<>();
    private final List<LeftAlone> leftAlone = new ArrayList<>();
    private Map<String, Map<String, Integer>> kept = Map.of();
    private boolean changed;

    private ModelShrinker(ShrinkOptions options) {
        this.options = options;
    }

    /**
     * Writes the smaller model; an equal copy where nothing can be removed.
     *
     * @param model an open model; its data files are read in
     * @param target the file to appear, whole or not at all; an existing one is replaced
     * @param metadata entries of metadata_props to set. A model that was shrunk loses its plan of initial weights, whose shapes no
     *     longer fit
     * @param options how
     * @return what was removed and what was left alone
     * @throws UnequalOutputsException if the smaller model gives other outputs; nothing is written then
     * @throws MalformedFileException if the model is not a protobuf message of the right kind
     * @throws IOException if reading or writing fails
     */
    public static ShrinkReport shrink(
            OnnxCheckpoint model, Path target, Map<String, String> metadata, ShrinkOptions options) throws IOException {
        long bytes = ModelSize.bytesOf(model);
        try {
            return new ModelShrinker(options).shrink(model, Net.read(model), target, metadata, bytes);
        } catch (ObstacleException e) {
            model.rewrite(target, Map.of(), metadata);
            LeftAlone all = new LeftAlone("model", 0, String.valueOf(e.getMessage()));
            return new ShrinkReport(
                    List.of(),
                    List.of(),
                    List.of(all),
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }
    }

    private ShrinkReport shrink(OnnxCheckpoint model, Net net, Path target, Map<String, String> metadata, long bytes)
            throws IOException, ObstacleException {
        Probe probe = probe(net);
        byte[] original = net.model(List.of(), false).toByteArray();
        Cost before = Cost.of(net, probe, bytes);
        Channels channels = reduce(net, probe);
        summarize(channels);
        if (!changed) {
            model.rewrite(target, Map.of(), metadata);
            return report(Optional.of(before), Optional.of(before), Optional.empty());
        }
        net.clean();
        byte[] smaller = smaller(net, model, metadata).toByteArray();
        Proof proof = new Prover(net.name(), original, smaller, options).prove(probe.inputs(), assumptions);
        Cost after = Cost.of(net, Probe.of(net, options.threads()), smaller.length);
        AtomicFile.write(target, smaller);
        return report(Optional.of(before), Optional.of(after), Optional.of(proof));
    }

    private ShrinkReport report(Optional<Cost> before, Optional<Cost> after, Optional<Proof> proof) {
        if (proof.isEmpty()) {
            leftAlone.add(
                    new LeftAlone("model", 0, "no unit that may go is constant, a copy of another or read by nobody"));
        }
        return new ShrinkReport(ledger.layers(), inputs, leftAlone, assumptions, before, after, proof);
    }

    private Probe probe(Net net) throws ObstacleException, IOException {
        try {
            return Probe.of(net, options.threads());
        } catch (MalformedFileException e) {
            throw new ObstacleException("ONNX Runtime does not run it, so nothing could be proven: " + e.getMessage());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ObstacleException("no inputs could be made for it: " + e.getMessage());
        }
    }

    /** Removes until nothing is left to remove. */
    private Channels reduce(Net net, Probe first) throws IOException {
        ledger.look(ChannelWalk.of(net, first));
        rounds(net);
        if (options.inputs()) {
            DeadInputs dead = new DeadInputs(look(net), options);
            inputs.addAll(dead.remove());
            assumptions.addAll(dead.assumptions());
            leftAlone.addAll(dead.leftAlone());
        }
        if (!inputs.isEmpty()) {
            changed = true;
            rounds(net);
        }
        return look(net);
    }

    private void rounds(Net net) throws IOException {
        for (int round = 0; round < MOST_ROUNDS && round(net); round++) {
            changed = true;
        }
    }

    /** Folds, and removes what nobody reads then. */
    private boolean round(Net net) throws IOException {
        ledger.begin();
        Channels channels = look(net);
        if (new Folding(channels, new Touches(channels), ledger).constants(options.threads())) {
            channels = look(net);
        }
        if (new Folding(channels, new Touches(channels), ledger).copies()) {
            channels = look(net);
        }
        boolean removed = new Removal(channels, new Touches(channels)).apply(ledger);
        kept = Map.copyOf(ledger.kept());
        return removed;
    }

    private Channels look(Net net) throws IOException {
        Channels channels = ChannelWalk.of(net, Probe.of(net, options.threads()));
        ledger.look(channels);
        return channels;
    }

    /** Says what stays, layer by layer. */
    private void summarize(Channels channels) {
        kept.forEach((layer, reasons) ->
                reasons.forEach((reason, units) -> leftAlone.add(new LeftAlone(layer, units, reason))));
        channels.blocked().forEach((layer, reason) -> leftAlone.add(new LeftAlone(layer, 0, reason)));
        for (Layer layer : channels.layers()) {
            Map<String, Integer> reasons = new LinkedHashMap<>();
            for (int unit : layer.units()) {
                String reason = channels.units().pinned(unit);
                if (reason != null) {
                    reasons.merge(reason, 1, Integer::sum);
                }
            }
            String label = layer.node().label();
            reasons.forEach((reason, units) -> leftAlone.add(new LeftAlone(label, units, reason)));
        }
    }

    private static OnnxMl.ModelProto smaller(Net net, OnnxCheckpoint model, Map<String, String> metadata) {
        Map<String, String> entries = new LinkedHashMap<>(model.metadata());
        entries.putAll(metadata);
        entries.remove(Checkpoint.PLAN_KEY);
        OnnxMl.ModelProto.Builder builder =
                net.model(List.of(), false).toBuilder().clearMetadataProps();
        entries.forEach((key, value) -> builder.addMetadataProps(
                OnnxMl.StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
        return builder.build();
    }
}
