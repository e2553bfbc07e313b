package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.detinit.generator.TensorShape;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real PyTorch constructs random modules after random seeds and other draws; the replay makes the same bits. Run by
 * {@code mvn -Poracle}, with the environment variable DETINIT_ORACLE_PYTHON naming a Python that has torch (1.13, 2.7, 2.12
 * and 2.15 when this was written). The cases come from {@code -Ddetinit.oracle.seed=N}, by default from the clock; the seed and the
 * counts are logged.
 */
@Tag("oracle")
class TorchOracleTest {

    /** Reads {@code seed, uniforms before, normals before, dtype, expression} a line. */
    private static final String PROGRAM = """
            import sys, base64, hashlib, inspect, warnings, torch
            from torch import nn
            warnings.simplefilter('ignore')
            x = torch.empty(1000, dtype=torch.float16).uniform_().double() * 2048
            biased = 'bias' in inspect.signature(nn.TransformerEncoderLayer.__init__).parameters
            print('wide' if bool((x != x.round()).any()) else 'narrow', 'bias' if biased else 'fixed', torch.__version__)
            for line in sys.stdin:
                if line.startswith('large'):
                    dtype, size, seed = line.split()[1:]
                    torch.manual_seed(int(seed))
                    x = torch.empty(int(size), dtype=getattr(torch, dtype))
                    for draw in lambda: x.uniform_(-0.1, 0.3), lambda: x.normal_(0.3, 1.4):
                        draw()
                        print(hashlib.sha256(x.view(torch.uint8).numpy().tobytes()).hexdigest())
                    continue
                seed, uniforms, normals, dtype, expression = line.rstrip().split('\\t')
                torch.set_default_dtype(torch.float32)
                torch.manual_seed(int(seed))
                torch.rand(int(uniforms))
                torch.randn(int(normals))
                torch.set_default_dtype(getattr(torch, dtype))
                module = eval(expression)
                print('module', len(module.state_dict()))
                for name, tensor in module.state_dict().items():
                    raw = tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
                    print(name, str(list(tensor.shape)).replace(' ', ''), base64.b64encode(raw).decode())
            """;

    private static final TorchDtype[] DTYPES = {
        TorchDtype.FLOAT32, TorchDtype.FLOAT32, TorchDtype.FLOAT64, TorchDtype.FLOAT16, TorchDtype.BFLOAT16
    };

    private record Planned(long seed, int uniforms, int normals, TorchDtype dtype, List<TorchCases.Case> cases) {

        String line() {
            List<String> parts = cases.stream().map(TorchCases.Case::python).toList();
            return String.join(
                    "\t",
                    Long.toString(seed),
                    Integer.toString(uniforms),
                    Integer.toString(normals),
                    dtype.name().toLowerCase(Locale.ROOT),
                    "nn.ModuleList([" + String.join(",", parts) + "])");
        }

        TorchReplay replay(TorchKernels kernels) {
            StreamPosition start = StreamPosition.START
                    .afterUniform(uniforms, TorchDtype.FLOAT32)
                    .afterNormal(normals, TorchDtype.FLOAT32, kernels.era());
            TorchModule[] modules = cases.stream().map(TorchCases.Case::module).toArray(TorchModule[]::new);
            return TorchReplay.of(new TorchModules(kernels.era()).sequential(modules), seed, start, dtype, kernels);
        }
    }

    private static List<Planned> plan(long seed, TorchEra era, boolean transformerBias) {
        SplittableRandom random = new SplittableRandom(seed);
        TorchCases cases = new TorchCases(random, era, transformerBias);
        List<Planned> plan = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            List<TorchCases.Case> modules = new ArrayList<>();
            modules.add(cases.next(i % TorchCases.TYPES));
            while (random.nextInt(3) > 0) {
                modules.add(cases.next(random.nextInt(TorchCases.TYPES)));
            }
            plan.add(new Planned(
                    random.nextLong(), // PyTorch takes negative ones too
                    random.nextInt(700),
                    random.nextInt(40),
                    DTYPES[random.nextInt(DTYPES.length)],
                    modules));
        }
        return plan;
    }

    private static List<String> ask(String capability, List<String> lines) throws IOException, InterruptedException {
        String python = System.getenv("DETINIT_ORACLE_PYTHON");
        assumeTrue(python != null && !python.isEmpty(), "DETINIT_ORACLE_PYTHON is not set");
        ProcessBuilder builder = new ProcessBuilder(python, "-c", PROGRAM);
        builder.environment().remove("ATEN_CPU_CAPABILITY");
        if (!capability.isEmpty()) {
            builder.environment().put("ATEN_CPU_CAPABILITY", capability);
        }
        File input = File.createTempFile("cases", ".txt");
        try {
            Files.write(input.toPath(), lines);
            Process process = builder.redirectInput(input)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), output);
            return output.lines().toList();
        } finally {
            Files.delete(input.toPath());
        }
    }

    /** How many units in the last place a tensor may differ: none, but where the C library's float64 functions show. */
    private static long allowed(TorchInit init) {
        TorchFill fill = init.fill() instanceof TorchFill.ZeroRow zero ? zero.fill() : init.fill();
        return fill instanceof TorchFill.Normal && init.dtype() == TorchDtype.FLOAT64 ? 4 : 0;
    }

    /** The bits of each element on a line on which neighbours are one unit in the last place apart. */
    private static long[] ordered(byte[] bytes, int size) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long[] out = new long[bytes.length / size];
        for (int i = 0; i < out.length; i++) {
            long bits = size == 2 ? in.getShort() : size == 4 ? in.getInt() : in.getLong();
            long magnitude = bits & (-1L >>> (65 - 8 * size));
            out[i] = bits < 0 ? -magnitude : magnitude;
        }
        return out;
    }

    private static TorchKernels kernels(String capability, String torch) {
        String[] release = torch.split(" ", -1)[2].split("\\.", 3);
        int minor = Integer.parseInt(release[1]);
        TorchEra era = TorchEra.V1_2;
        if (!release[0].equals("1") && minor > 0) {
            era = minor <= 11 ? TorchEra.V2_7 : minor == 12 ? TorchEra.V2_12 : TorchEra.V2_15;
        }
        assertEquals(era.wideHalves(), torch.startsWith("wide "), torch);
        return (capability.equals("default") ? TorchKernels.DEFAULT : TorchKernels.AVX2).withEra(era);
    }

    private static void log(String message) {
        System.getLogger(TorchOracleTest.class.getName()).log(System.Logger.Level.INFO, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "avx2", "default"})
    void randomModulesBitForBit(String capability) throws Exception {
        long seed = Long.getLong("detinit.oracle.seed", System.nanoTime());
        String torch = ask(capability, List.of()).get(0);
        TorchKernels kernels = kernels(capability, torch);
        List<Planned> plan = plan(seed, kernels.era(), torch.contains(" bias "));
        List<String> answer = ask(capability, plan.stream().map(Planned::line).toList());
        int line = 1;
        long tensors = 0;
        long elements = 0;
        long inexact = 0;
        for (Planned planned : plan) {
            TorchReplay replay = planned.replay(kernels);
            assertEquals("module " + replay.tensors().size(), answer.get(line++), planned.line());
            for (TorchReplay.Tensor tensor : replay.tensors()) {
                String[] parts = answer.get(line++).split(" ", -1);
                String where = planned.line() + " " + tensor.name() + ", seed " + seed;
                assertEquals(tensor.name(), parts[0], where);
                assertEquals(tensor.entry().shape().toString().replace(" ", ""), parts[1], where);
                TorchInit init = tensor.init();
                long[] expected = ordered(
                        Base64.getDecoder().decode(parts[2]), init.dtype().bytes());
                long[] actual = ordered(init.bytes(), init.dtype().bytes());
                assertEquals(expected.length, actual.length, where);
                long allowed = allowed(init);
                for (int i = 0; i < expected.length; i++) {
                    long apart = Math.abs(expected[i] - actual[i]);
                    assertTrue(apart <= allowed, where + "[" + i + "] is " + apart + " ulp apart");
                    inexact += apart == 0 ? 0 : 1;
                }
                tensors++;
                elements += expected.length;
            }
        }
        assertEquals(answer.size(), line);
        log(torch + (capability.isEmpty() ? "" : " " + capability) + ", -Ddetinit.oracle.seed=" + seed + ": "
                + plan.size()
                + " models, " + tensors + " tensors, " + elements + " elements, of which "
                + inexact + " normals of float64 are off in the last places");
    }

    /** Sixteen million elements, the last block redrawn: 6 in 10 of all values that a normal's functions can be given. */
    @ParameterizedTest
    @ValueSource(strings = {"avx2", "default"})
    void largeTensorsBitForBit(String capability) throws Exception {
        int size = 16_000_003;
        List<TorchDtype> dtypes = List.of(TorchDtype.FLOAT32, TorchDtype.FLOAT16, TorchDtype.BFLOAT16);
        List<String> lines = new ArrayList<>();
        for (TorchDtype dtype : dtypes) {
            lines.add("large " + dtype.name().toLowerCase(Locale.ROOT) + " " + size + " -7");
        }
        List<String> answer = ask(capability, lines);
        TorchKernels kernels = kernels(capability, answer.get(0));
        for (int i = 0; i < dtypes.size(); i++) {
            TorchDtype dtype = dtypes.get(i);
            TensorShape shape = TensorShape.of(size);
            TorchFill first = new TorchFill.Uniform(-0.1, 0.3);
            TorchInit uniform = new TorchInit(-7, StreamPosition.START, shape, dtype, first, kernels);
            TorchFill second = new TorchFill.Normal(0.3, 1.4);
            TorchInit normal = new TorchInit(-7, uniform.end(), shape, dtype, second, kernels);
            assertEquals(answer.get(1 + 2 * i), sha256(uniform.bytes()), "uniform_ " + dtype);
            assertEquals(answer.get(2 + 2 * i), sha256(normal.bytes()), "normal_ " + dtype);
        }
        log(answer.get(0) + " " + capability + ": uniform_ and normal_ of " + size + " elements each, " + dtypes);
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
