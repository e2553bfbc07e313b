package io.detinit.interop.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.NormalKernel;
import io.detinit.generator.torch.StreamPosition;
import io.detinit.generator.torch.TorchDtype;
import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchRule;
import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.file.MalformedFileException;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchPlanJsonTest {

    private static final String HEAD = "{\"format\":\"detinit-plan/1\",\"algorithm\":\"torch-mt19937/1\",";

    private static final TorchPlan PLAN = new TorchPlan(
            42,
            List.of(
                    planned("fc.weight", TorchRule.LINEAR, 6, StreamPosition.START, TorchKernels.AVX2, 4, 6),
                    planned("fc.bias", TorchRule.LINEAR, 6, StreamPosition.at(24), TorchKernels.DEFAULT, 4),
                    new TorchPlanned(
                            "e",
                            TensorShape.of(7, 3),
                            StoredOrder.IN_OUT,
                            TorchRule.EMBEDDING,
                            TorchRule.NO_FAN,
                            TorchRule.NO_SCALE,
                            new StreamPosition(40, 30),
                            OptionalLong.of(2),
                            TorchDtype.FLOAT64,
                            new TorchKernels(TorchVariant.FUSED, NormalKernel.LIBM, TorchEra.V2_15)),
                    planned("n.weight", TorchRule.ONES, 0, StreamPosition.START, TorchKernels.AVX2, 4)));

    private static TorchPlanned planned(
            String name, TorchRule rule, long fan, StreamPosition start, TorchKernels kernels, long... dims) {
        return new TorchPlanned(
                name,
                TensorShape.of(dims),
                StoredOrder.OUT_IN,
                rule,
                fan,
                TorchRule.NO_SCALE,
                start,
                OptionalLong.empty(),
                TorchDtype.FLOAT32,
                kernels);
    }

    @Test
    void scalesOfAModelsOwn() throws IOException {
        TorchPlan plan = new TorchPlan(
                7,
                List.of(
                        scaled("a", TorchRule.NORMAL, 0.02),
                        scaled("b", TorchRule.UNIFORM, 0.1),
                        planned("c", TorchRule.KAIMING_NORMAL, 4, StreamPosition.at(9), TorchKernels.AVX2, 4, 6)));
        String json = PlanJson.write(plan);
        assertEquals(new Plan.Replayed(plan), PlanJson.read(json, "x"));
        assertTrue(json.contains("\"rule\":\"normal\",\"std\":0.02,\"draw\":5"), json);
        assertTrue(json.contains("\"rule\":\"uniform\",\"bound\":0.1,\"draw\":5"), json);
        assertTrue(json.contains("\"rule\":\"kaiming_normal\",\"fan\":4,\"draw\":9"), json);
    }

    private static TorchPlanned scaled(String name, TorchRule rule, double scale) {
        return new TorchPlanned(
                name,
                TensorShape.of(4, 6),
                StoredOrder.OUT_IN,
                rule,
                TorchRule.NO_FAN,
                scale,
                StreamPosition.at(5),
                OptionalLong.empty(),
                TorchDtype.FLOAT32,
                TorchKernels.AVX2);
    }

    @Test
    void readsWhatItWrites() throws IOException {
        String json = PlanJson.write(PLAN);
        assertEquals(new Plan.Replayed(PLAN), PlanJson.read(json, "x"));
        assertTrue(
                json.contains("{\"name\":\"fc.weight\",\"shape\":[4,6],\"rule\":\"linear\",\"fan\":6,\"draw\":0,"
                        + "\"variant\":\"fused\"}"),
                json);
        assertTrue(json.contains("{\"name\":\"n.weight\",\"shape\":[4],\"rule\":\"ones\"}"), json);
    }

    @Test
    void theValuesAreThoseOfTheReplay() throws IOException {
        Plan plan = PlanJson.read(PlanJson.write(PLAN), "x").withSeed(7);
        Plan.Entry entry = plan.find("fc.weight").orElseThrow();
        float[] values = new float[24];
        entry.values().fill(0, values, 0, 24);
        assertArrayEquals(PLAN.tensors().get(0).init(7).floats(), values);
        assertEquals(7, plan.seed());
        assertEquals(2 / Math.sqrt(6) / Math.sqrt(12), entry.values().std(), 1e-9);
        assertTrue(entry.values().isRandom());
        Plan.Entry ones = plan.find("n.weight").orElseThrow();
        assertFalse(ones.values().isRandom());
        assertEquals(0, ones.values().std());
        Plan.Entry turned = plan.find("e").orElseThrow();
        assertEquals(TensorShape.of(3, 7), turned.stored().stored(turned.shape()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name':'w','shape':[2,2],'fan':2,'draw':0}                                     | rule",
                "{'name':'w','shape':[2,2],'rule':'dense','fan':2}                               | one of linear, conv",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'draw':-1}                    | [0, 2^63)",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'draw':1.5}                   | draw",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'variant':'mixed'}            | one of fused, separate",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'dtype':'I64'}                | one of F32, F64, F16, BF16",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'era':'9.9'}                  | era",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'layer':0}                    | layer",
                "{'name':'w','shape':[2,2],'rule':'normal'}                                      | a finite number",
                "{'name':'w','shape':[2,2],'rule':'uniform','bound':'0.1'}                       | a finite number",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'stored':'sideways'}          | stored",
            })
    void malformedEntriesAreNamed(String entry, String part) {
        String json = HEAD + "\"seed\":1,\"tensors\":[" + entry.replace('\'', '"') + "]}";
        String message = assertThrows(MalformedFileException.class, () -> PlanJson.read(json, "p.json"))
                .getMessage();
        assertTrue(message.startsWith("p.json: plan: tensors[0]") && message.contains(part), message);
        assertEquals(1, message.lines().count());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name':'w','shape':[2,2],'rule':'linear'}                                  | needs a fan > 0",
                "{'name':'w','shape':[2,2],'rule':'embedding','zeroRow':2}                   | no row 2",
                "{'name':'w','shape':[2,2],'rule':'linear','fan':2,'std':0.1}                | has no 'std'",
                "{'name':'w','shape':[2,2],'rule':'normal','std':0.1,'bound':0.1}            | has no 'bound'",
                "{'name':'w','shape':[2,2],'rule':'normal','std':-0.1}                       | needs a std > 0",
                "{'name':'w','shape':[2,2],'rule':'kaiming_normal'}                          | needs a fan > 0",
                "{'name':'w','shape':[2,2],'rule':'embedding','draw':3,'pair':2}             | cannot be kept",
                "{'name':'w','shape':[2,2,2],'rule':'conv','fan':2,'stored':'in_out'}        | only a matrix",
            })
    void entriesThatContradictThemselvesAreNamed(String entry, String part) {
        String json = HEAD + "\"seed\":1,\"tensors\":[" + entry.replace('\'', '"') + "]}";
        String message = assertThrows(InvalidPlanException.class, () -> PlanJson.read(json, "p.json"))
                .getMessage();
        assertTrue(message.startsWith("p.json: tensor 'w'") && message.contains(part), message);
    }
}
