package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.torch.TorchEra;
import io.detinit.generator.torch.TorchFill;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchModule;
import io.detinit.generator.torch.TorchModules;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchReplay;
import io.detinit.generator.torch.TorchRule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose own code drew weights anew after their modules had: seed, places and initial values come back. */
class TorchOwnDrawsTest {

    private static final TorchModules NN = TorchModules.CURRENT;
    private static final TorchSeeds SEEDS = TorchSeeds.range(0, 40).then(TorchSeeds.of(List.of(4242L)));

    /** How a weight is drawn once more. */
    private interface Again {
        void draw(TorchModule.Builder builder, String name);
    }

    private static Again normal(double std) {
        return (builder, name) -> builder.fill(name, TorchRule.NORMAL, TorchRule.NO_FAN, new TorchFill.Normal(0, std));
    }

    private static Again uniform(double bound) {
        return (builder, name) ->
                builder.fill(name, TorchRule.UNIFORM, TorchRule.NO_FAN, TorchFill.Uniform.within(bound));
    }

    private static Again rule(TorchRule rule, long fan) {
        return (builder, name) -> builder.fill(name, rule, fan);
    }

    private static TorchModule.Builder layers() {
        return TorchModule.builder(TorchEra.V1_2)
                .child("conv1", NN.conv(3, 12, 5, 5))
                .child("conv2", NN.conv(12, 16, 3, 3))
                .child("fc1", NN.linear(144, 50, true))
                .child("fc2", NN.linear(50, 10, true));
    }

    /** All modules first, then all weights and, if they are cleared, biases. */
    private static TorchModule afterwards(boolean cleared, Again... again) {
        TorchModule.Builder builder = layers();
        String[] names = {"conv1", "conv2", "fc1", "fc2"};
        for (int k = 0; k < names.length; k++) {
            again[k].draw(builder, names[k] + ".weight");
            if (cleared) {
                builder.fill(names[k] + ".bias", TorchRule.ZEROS, TorchRule.NO_FAN);
            }
        }
        return builder.build();
    }

    private static TorchModule inTheConstructor() {
        return TorchModule.builder(TorchEra.V1_2)
                .child("conv1", NN.conv(3, 12, 5, 5))
                .fill("conv1.weight", TorchRule.KAIMING_NORMAL, 75)
                .child("conv2", NN.conv(12, 16, 3, 3))
                .fill("conv2.weight", TorchRule.KAIMING_NORMAL, 108)
                .child("fc", NN.linear(144, 50, true))
                .fill("fc.weight", TorchRule.NORMAL, TorchRule.NO_FAN, new TorchFill.Normal(0, 0.01))
                .build();
    }

    private static TorchModule words() {
        TorchModule.Builder builder = TorchModule.builder(TorchEra.V1_2)
                .child("encoder", NN.embedding(120, 20, OptionalLong.empty()))
                .child("decoder", NN.linear(20, 120, true));
        uniform(0.1).draw(builder, "encoder.weight");
        builder.fill("decoder.bias", TorchRule.ZEROS, TorchRule.NO_FAN);
        uniform(0.1).draw(builder, "decoder.weight");
        return builder.build();
    }

    private static TorchModule tokens() {
        TorchModule.Builder builder = TorchModule.builder(TorchEra.V1_2)
                .child("wte", NN.embedding(90, 24, OptionalLong.empty()))
                .child("wpe", NN.embedding(16, 24, OptionalLong.empty()))
                .child("head", NN.linear(24, 90, false));
        for (String name : List.of("wte", "wpe", "head")) {
            normal(0.02).draw(builder, name + ".weight");
        }
        return builder.build();
    }

    /** The same rule with the fans of the four layers. */
    private static Again[] rules(TorchRule rule, long... fans) {
        return Arrays.stream(fans).mapToObj(fan -> rule(rule, fan)).toArray(Again[]::new);
    }

    private static Again[] fourTimes(Again again) {
        return new Again[] {again, again, again, again};
    }

    private static Map<String, TorchModule> models() {
        return Map.ofEntries(
                Map.entry("kaiming normal", afterwards(true, rules(TorchRule.KAIMING_NORMAL, 300, 144, 50, 10))),
                Map.entry("kaiming uniform", afterwards(true, rules(TorchRule.KAIMING_UNIFORM, 75, 108, 144, 50))),
                Map.entry("normal 0.02", afterwards(true, fourTimes(normal(0.02)))),
                Map.entry("xavier normal, biases kept", afterwards(false, rules(TorchRule.XAVIER_NORMAL, 0, 0, 0, 0))),
                Map.entry("uniform 0.05, biases kept", afterwards(false, fourTimes(uniform(0.05)))),
                Map.entry("in the constructor", inTheConstructor()),
                Map.entry("words", words()),
                Map.entry("tokens", tokens()));
    }

    static Stream<String> names() {
        return models().keySet().stream().sorted();
    }

    private static TorchSearchResult search(TorchModels model) throws IOException {
        long positions = TorchSearch.usualPositions(model.parameters());
        return new TorchSearch(SEEDS, positions, 2).search(model.parameters(), model.names(), (done, of) -> {});
    }

    @ParameterizedTest
    @MethodSource("names")
    void findsSeedPlacesAndInitialValues(String name) throws IOException {
        TorchModule module = Objects.requireNonNull(models().get(name));
        for (TorchKernels kernels : List.of(TorchKernels.AVX2, TorchKernels.DEFAULT)) {
            TorchModels model = TorchModels.of(module, 4242, 700, kernels, 0.3);
            TorchSearchResult result = search(model);
            assertEquals(
                    4242,
                    result.best().orElseThrow(() -> new AssertionError(result)).seed());
            assertPlanned(model, result);
        }
    }

    /** Behind so many draws that the positions that are tried one after the other do not reach them. */
    @ParameterizedTest
    @EnumSource(names = {"KAIMING_NORMAL", "KAIMING_UNIFORM"})
    void findsThemBehindALargeModel(TorchRule rule) throws IOException {
        TorchModule.Builder builder = TorchModule.builder(TorchEra.V1_2)
                .child("fc1", NN.linear(784, 300, true))
                .child("fc2", NN.linear(300, 100, true))
                .child("fc3", NN.linear(100, 10, true));
        builder.fill("fc1.weight", rule, 784).fill("fc2.weight", rule, 300).fill("fc3.weight", rule, 100);
        TorchModels model = TorchModels.of(builder.build(), 4242, 0, TorchKernels.AVX2, 0.3);
        TorchSearchResult result = search(model);
        assertEquals(
                266_610,
                result.best().orElseThrow(() -> new AssertionError(result)).draw());
        assertPlanned(model, result);
    }

    /** With and without knowing where the search found it. */
    private static void assertPlanned(TorchModels model, TorchSearchResult result) throws IOException {
        for (Optional<TorchHit> place : List.of(result.best(), Optional.<TorchHit>empty())) {
            TorchIdentification found = new TorchPlanner(TorchPlanner.usualPositions(model.parameters()))
                    .plan(model.parameters(), model.names(), 4242, place);
            assertEquals(
                    List.of(), wrong(model, found), () -> found.placements().toString());
        }
    }

    private static List<String> wrong(TorchModels model, TorchIdentification found) {
        List<String> wrong = new ArrayList<>();
        for (TorchReplay.Tensor tensor : model.replay().tensors()) {
            Optional<TorchPlanned> planned = found.plan().find(tensor.name());
            float[] expected = tensor.init().floats();
            if (planned.isEmpty()
                    || !Arrays.equals(expected, planned.get().init(4242).floats())) {
                wrong.add(planned + " instead of " + tensor.init());
            }
        }
        return wrong;
    }

    /** Where decay left no weight as it was, the scales of all of them together tell. */
    @ParameterizedTest
    @ValueSource(strings = {"kaiming normal", "kaiming uniform", "normal 0.02"})
    void oneCallForAllWeightsIsToldByTheirScales(String name) throws IOException {
        TorchModule module = Objects.requireNonNull(models().get(name));
        TorchModels model =
                TorchModels.of(module, 4242, 0, TorchKernels.AVX2, 0.25).shrunk(0.97f);
        TorchIdentification found = new TorchPlanner(TorchPlanner.usualPositions(model.parameters()))
                .plan(model.parameters(), model.names(), 4242, search(model).best());
        assertEquals(0, found.identical());
        assertEquals(List.of(), wrong(model, found), () -> found.placements().toString());
    }

    /** Nothing of a number that no rule has is claimed where training left no weight as it was. */
    @Test
    void aScaleThatNoBitsConfirmIsNotClaimed() throws IOException {
        TorchModule module = afterwards(true, fourTimes(normal(0.0237)));
        TorchModels model =
                TorchModels.of(module, 4242, 0, TorchKernels.AVX2, 0.1).shrunk(0.93f);
        TorchIdentification found = new TorchPlanner(TorchPlanner.usualPositions(model.parameters()))
                .plan(model.parameters(), model.names(), 4242, search(model).best());
        assertEquals(
                List.of(),
                found.plan().tensors().stream()
                        .map(TorchPlanned::name)
                        .filter(name -> name.endsWith("weight"))
                        .toList(),
                () -> found.plan() + " " + found.placements());
        assertTrue(
                found.placements().stream()
                        .filter(placement -> placement.name().equals("fc1.weight"))
                        .allMatch(placement -> placement.reason().contains("scale of no rule")),
                found.placements()::toString);
    }
}
