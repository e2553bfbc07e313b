package io.detinit.interop.identify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.generator.torch.TorchInit;
import io.detinit.generator.torch.TorchKernels;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import io.detinit.generator.torch.TorchVariant;
import io.detinit.interop.OraclePython;
import io.detinit.interop.checkpoint.Checkpoints;
import io.detinit.interop.parameter.Parameter;
import io.detinit.interop.tensor.Checkpoint;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real PyTorch trains nets after seeds that are known; seed, position and the bits of every initial value are found again, from the state
 * dict, from the same sorted by name, and from ONNX. Run by {@code mvn -Poracle}, with the environment variable
 * DETINIT_ORACLE_PYTHON naming a Python that has torch (2.15.0 and Debian's 1.13.0 when this was written).
 */
@Tag("oracle")
class TorchSearchOracleTest {

    private static final Path SCRIPT = Path.of("src/test/python/torch_search.py");
    private static final TorchSeeds SEEDS = TorchSeeds.range(0, 500);

    @TempDir
    Path folder;

    private List<String> train() throws IOException, InterruptedException {
        String output = OraclePython.run(SCRIPT, folder);
        return output.lines().filter(line -> line.matches("\\w+ \\d+ \\d+")).toList();
    }

    @Test
    void findsSeedsPositionsAndInitialValues() throws Exception {
        List<String> nets = train();
        assertTrue(nets.size() >= 12, nets::toString);
        List<String> wrong = new ArrayList<>();
        int checked = 0;
        for (String net : nets) {
            String[] words = net.split(" ", -1);
            for (String kind : List.of(".pt", ".sorted.pt", ".onnx")) {
                Path file = folder.resolve(words[0] + kind);
                if (Files.exists(file)) {
                    checked += check(file, words[0], Long.parseLong(words[1]), wrong);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(checked > 150, checked + " tensors");
    }

    private int check(Path file, String name, long seed, List<String> wrong) throws IOException {
        try (Checkpoint trained = Checkpoints.open(file);
                Checkpoint initial = Checkpoints.open(folder.resolve(name + ".init.pt"))) {
            List<Parameter> parameters = Parameter.of(trained);
            Set<String> names = trained.tensors().stream()
                    .map(tensor -> tensor.info().name())
                    .collect(Collectors.toSet());
            long positions = TorchSearch.usualPositions(parameters);
            TorchSearchResult result = new TorchSearch(SEEDS, positions, 2).search(parameters, names, (done, of) -> {});
            boolean known = seed < SEEDS.size();
            if (result.best().map(TorchHit::seed).equals(Optional.of(seed)) != known) {
                wrong.add(file.getFileName() + ": " + result);
            }
            if (!known || result.best().isEmpty()) {
                return 0;
            }
            TorchIdentification found = new TorchPlanner(TorchPlanner.usualPositions(parameters))
                    .plan(parameters, names, seed, result.best());
            int same = 0;
            for (TorchPlanned planned : found.plan().tensors()) {
                Optional<TensorView> tensor = initial(parameters, planned, initial);
                if (tensor.isPresent() && !isSame(found.plan(), planned, found.variant(), tensor.get())) {
                    wrong.add(file.getFileName() + ": " + planned);
                }
                same += tensor.isPresent() ? 1 : 0;
            }
            if (!file.toString().endsWith(".onnx") && same != parameters.size()) {
                wrong.add(file.getFileName() + ": " + found.placements());
            }
            return same;
        }
    }

    private static Optional<TensorView> initial(List<Parameter> parameters, TorchPlanned planned, Checkpoint initial) {
        String name = parameters.stream()
                .filter(parameter -> parameter.name().equals(planned.name()))
                .findFirst()
                .orElseThrow()
                .canonicalName();
        return initial.find(name.replace("self_attn.weight", "self_attn.in_proj_weight"));
    }

    /** Bit for bit; where no weight tells the variant, in the one or the other. */
    private static boolean isSame(
            TorchPlan plan, TorchPlanned planned, Optional<TorchVariant> variant, TensorView expected)
            throws IOException {
        float[] values = new float[(int) expected.info().shape().elements()];
        expected.readFloats(0, values, 0, values.length);
        TorchInit init = planned.init(plan.seed());
        if (Arrays.equals(values, init.floats())) {
            return true;
        }
        TorchInit other =
                new TorchInit(init.seed(), init.start(), init.shape(), init.dtype(), init.fill(), TorchKernels.DEFAULT);
        return variant.isEmpty() && Arrays.equals(values, other.floats());
    }
}
