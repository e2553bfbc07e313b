package io.detinit.interop.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.NormalKernel;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchRule;
import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.file.MalformedFileException;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The fields of a replayed tensor: {@code rule}, {@code fan}, {@code bound} or {@code std}, {@code draw}, {@code variant}, and
 * where they are not the usual ones {@code pair}, {@code zeroRow}, {@code dtype}, {@code normal}, {@code era}.
 */
final class TorchEntryJson {

    static final Set<String> FIELDS = Set.of(
            "name", "shape", "stored", "rule", "fan", "bound", "std", "draw", "pair", "zeroRow", "dtype", "variant",
            "normal", "era");

    private static final List<String> SCALES = List.of("bound", "std");

    private TorchEntryJson() {}

    static void write(TorchPlanned tensor, ObjectNode node) {
        node.put("rule", tensor.rule().id());
        if (tensor.rule().needsFan()) {
            node.put("fan", tensor.fan());
        }
        if (tensor.rule().needsScale()) {
            node.put(scale(tensor.rule()), tensor.scale());
        }
        if (!tensor.isRandom()) {
            return;
        }
        node.put("draw", tensor.start().draw());
        if (tensor.start().pendingPair() != StreamPosition.NONE) {
            node.put("pair", tensor.start().pendingPair());
        }
        tensor.zeroRow().ifPresent(row -> node.put("zeroRow", row));
        if (tensor.dtype() != TorchDtype.FLOAT32) {
            node.put("dtype", dtype(tensor.dtype()));
        }
        TorchKernels kernels = tensor.kernels();
        node.put("variant", kernels.variant().id());
        if (kernels.normal() != TorchKernels.of(kernels.variant()).normal()) {
            node.put("normal", normal(kernels.normal()));
        }
        if (kernels.era() != TorchKernels.of(kernels.variant()).era()) {
            node.put("era", era(kernels.era()));
        }
    }

    static TorchPlanned read(JsonFields fields, String name, TensorShape shape, StoredOrder stored)
            throws MalformedFileException {
        TorchRule rule = fields.word("rule", List.of(TorchRule.values()), TorchRule::id);
        fields.text("rule");
        TorchVariant variant = fields.word("variant", List.of(TorchVariant.values()), TorchVariant::id);
        TorchKernels usual = TorchKernels.of(variant);
        TorchKernels kernels = new TorchKernels(
                variant,
                fields.word(
                        "normal",
                        JsonFields.startingWith(usual.normal(), NormalKernel.values()),
                        TorchEntryJson::normal),
                fields.word("era", JsonFields.startingWith(usual.era(), TorchEra.values()), TorchEntryJson::era));
        TorchDtype dtype = fields.word(
                "dtype",
                List.of(TorchDtype.FLOAT32, TorchDtype.FLOAT64, TorchDtype.FLOAT16, TorchDtype.BFLOAT16),
                TorchEntryJson::dtype);
        OptionalLong zeroRow =
                fields.has("zeroRow") ? OptionalLong.of(fields.number("zeroRow", 0)) : OptionalLong.empty();
        try {
            StreamPosition start =
                    new StreamPosition(fields.number("draw", 0), fields.number("pair", StreamPosition.NONE));
            long fan = fields.number("fan", TorchRule.NO_FAN);
            requireScaleOfRule(fields, rule, name);
            double scale = rule.needsScale() ? fields.real(scale(rule)) : TorchRule.NO_SCALE;
            return new TorchPlanned(name, shape, stored, rule, fan, scale, start, zeroRow, dtype, kernels);
        } catch (InvalidPlanException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new InvalidPlanException("tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    private static void requireScaleOfRule(JsonFields fields, TorchRule rule, String name) {
        for (String field : SCALES) {
            if (fields.has(field) && !(rule.needsScale() && field.equals(scale(rule)))) {
                throw new InvalidPlanException(
                        "tensor '" + name + "': rule '" + rule.id() + "' has no '" + field + "'");
            }
        }
    }

    private static String scale(TorchRule rule) {
        return rule == TorchRule.NORMAL ? "std" : "bound";
    }

    /** {@code F32}, as a checkpoint's dtype is written. */
    private static String dtype(TorchDtype dtype) {
        return dtype.name().replace("LOAT", "");
    }

    private static String normal(NormalKernel kernel) {
        return kernel.name().toLowerCase(Locale.ROOT);
    }

    /** The release that names it, such as {@code 1.2}. */
    private static String era(TorchEra era) {
        return era.name().substring(1).replace('_', '.');
    }
}
