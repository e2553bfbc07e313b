package io.detinit.interop.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.Scheme;
import io.detinit.generator.TensorShape;
import io.detinit.interop.file.MalformedFileException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanJsonTest {

    private static final String HEAD = "{\"format\":\"detinit-plan/1\",\"algorithm\":\"splitmix64-boxmuller/1\",";
    private static final String FC = "{\"name\":\"fc.weight\",\"shape\":[3,4],\"layer\":0,\"scheme\":\"he\"}";

    private static final InitPlan PLAN = new InitPlan(
            -42,
            List.of(
                    new PlannedTensor("a.weight", TensorShape.of(8, 3, 5, 5), 0, Scheme.HE),
                    new PlannedTensor("a.bias", TensorShape.of(8), -1, Scheme.ZEROS),
                    new PlannedTensor("q", TensorShape.of(4, 4), 1, Scheme.custom(0.1)),
                    new PlannedTensor("u", TensorShape.of(7), Long.MAX_VALUE, Scheme.uniform(1e-300)),
                    new PlannedTensor("k", TensorShape.of(), -1, Scheme.constant(-0.25))));

    @Test
    void readsWhatItWrites() throws Exception {
        assertEquals(new Plan.Addressed(PLAN), PlanJson.read(PlanJson.write(PLAN), "x"));
        assertTrue(PlanJson.write(PLAN).startsWith(HEAD));
    }

    @Test
    void theExampleOfTheSpecification() throws Exception {
        Plan plan = PlanJson.read(
                HEAD
                        + "\"seed\":42,\"tensors\":[{\"name\":\"fc1.weight\",\"shape\":[300,784],\"layer\":0,\"scheme\":\"he\"},"
                        + "{\"name\":\"fc1.bias\",\"shape\":[300],\"scheme\":\"zeros\"}]}",
                "x");
        assertEquals(
                Math.sqrt(2.0 / 784),
                plan.find("fc1.weight").orElseThrow().values().std());
        assertEquals(42, plan.seed());
    }

    @Test
    void unsignedSeedsAreBitPatterns() throws Exception {
        assertEquals(
                -1,
                PlanJson.read(HEAD + "\"seed\":18446744073709551615,\"tensors\":[]}", "x")
                        .seed());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[]                                              | JSON object",
                "{                                               | valid JSON",
                "{\"format\":\"detinit-plan/2\"}                 | detinit-plan/1",
                "{\"format\":\"detinit-plan/1\"}                 | algorithm",
                "{\"format\":\"detinit-plan/1\",\"algorithm\":\"philox/1\"} | splitmix64-boxmuller/1",
                "{\"format\":\"detinit-plan/1\",\"format\":\"detinit-plan/1\"} | valid JSON",
                "HEAD \"seed\":1.5,\"tensors\":[]}               | seed",
                "HEAD \"seed\":18446744073709551616,\"tensors\":[]} | seed",
                "HEAD \"tensors\":[]}                            | seed",
                "HEAD \"seed\":1}                                | tensors",
                "HEAD \"seed\":1,\"tensors\":[7]}                | tensors[0]",
                "HEAD \"seed\":1,\"tensors\":[],\"extra\":1}     | extra",
                "HEAD \"seed\":1,\"tensors\":[]} {}              | valid JSON",
                "HEAD \"seed\":1,\"tensors\":[{\"name\":\"w\",\"shape\":3,\"scheme\":\"he\"}]} | shape",
                "HEAD \"seed\":1,\"tensors\":[{\"name\":\"w\",\"shape\":[-3],\"scheme\":\"zeros\"}]} | shape",
                "HEAD \"seed\":1,\"tensors\":[{\"name\":\"w\",\"shape\":[4611686018427387904,4],\"scheme\":\"zeros\"}]} | 2^63-1",
                "HEAD \"seed\":1,\"tensors\":[{\"name\":\"w\",\"shape\":[2,2],\"layer\":-1,\"scheme\":\"he\"}]} | layer",
                "HEAD \"seed\":1,\"tensors\":[{\"name\":\"w\",\"shape\":[2,2],\"layer\":0,\"scheme\":\"custom\"}]} | std",
                "HEAD \"seed\":1,\"tensors\":[{\"shape\":[2,2],\"layer\":0,\"scheme\":\"he\"}]} | name",
            })
    void malformedPlansAreNamed(String json, String part) {
        String text = json.replace("HEAD ", HEAD).strip();
        String message = assertThrows(MalformedFileException.class, () -> PlanJson.read(text, "p.json"))
                .getMessage();
        assertTrue(message.startsWith("p.json: ") && message.contains(part.strip()), message);
        assertEquals(1, message.lines().count());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FC,FC                                                                                      | twice",
                "{\"name\":\"w\",\"shape\":[2,2],\"layer\":0,\"scheme\":\"kaiming\"}                         | unknown scheme 'kaiming'",
                "{\"name\":\"w\",\"shape\":[2],\"layer\":0,\"scheme\":\"he\"}                                | rank 1",
                "{\"name\":\"w\",\"shape\":[2,2],\"scheme\":\"he\"}                                          | layer",
                "{\"name\":\"w\",\"shape\":[2,2],\"layer\":0,\"scheme\":\"custom\",\"std\":-1}               | positive",
            })
    void plansThatContradictThemselvesAreNamed(String tensors, String part) {
        String json = HEAD + "\"seed\":1,\"tensors\":[" + tensors.strip().replace("FC", FC) + "]}";
        String message = assertThrows(InvalidPlanException.class, () -> PlanJson.read(json, "p.json"))
                .getMessage();
        assertTrue(message.startsWith("p.json: ") && message.contains(part.strip()), message);
    }

    @Test
    void deepNestingIsRefused() {
        assertThrows(MalformedFileException.class, () -> PlanJson.read("[".repeat(100_000), "x"));
    }
}
