package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.torch.TorchRecurrent.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Known answers of PyTorch 1.13.0 and 2.15.0 in {@code torch-replay-VERSION.json}, made by
 * {@code src/test/python/torch_replay.py}:
 * the SHA-256 of every tensor of the state dict, with the AVX2 kernels and with {@code ATEN_CPU_CAPABILITY=default} on glibc
 * 2.36.
 */
class TorchGoldenTest {

    private static final TorchModules NN = new TorchModules(TorchEra.V1_2); // modules are the same since

    private static final Map<String, TorchModule> MODULES = Map.ofEntries(
            Map.entry("mlp", NN.sequential(NN.linear(20, 12, true), NN.stateless(), NN.linear(12, 5, false))),
            Map.entry(
                    "cnn",
                    NN.sequential(
                            NN.conv(3, 4, 3, 5),
                            NN.batchNorm(4),
                            NN.stateless(),
                            new TorchConvolution(4, 6, List.of(3L), 2, true, false).module(NN.era()))),
            Map.entry("transpose", new TorchConvolution(4, 6, List.of(2L, 3L, 2L), 2, true, true).module(NN.era())),
            Map.entry("embedding", NN.embedding(11, 7, OptionalLong.of(3))),
            Map.entry(
                    "small",
                    NN.sequential(
                            NN.embedding(3, 3, OptionalLong.empty()),
                            NN.linear(2, 2, true),
                            NN.embedding(2, 4, OptionalLong.empty()))),
            Map.entry("bilinear", NN.bilinear(3, 4, 5, true)),
            Map.entry("rnn", new TorchRecurrent(Kind.RNN, 4, 5, 2, true, false, 0).module(NN.era())),
            Map.entry("lstm", new TorchRecurrent(Kind.LSTM, 4, 5, 2, true, true, 3).module(NN.era())),
            Map.entry("gru", TorchRecurrent.of(Kind.GRU, 4, 5).cell(NN.era())),
            Map.entry("attention", new TorchAttention(18, 7, 9, true, true).module(NN.era())),
            Map.entry("decoder", decoder()),
            Map.entry("transformer", new TorchTransformer(8, 12, true).transformer(NN.era(), 2, 1)));

    private static TorchModule decoder() {
        TorchTransformer layer = new TorchTransformer(8, 12, true);
        return layer.stack(NN.era(), layer.decoderLayer(NN.era()), 2, false);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"1.13.0,V1_2,avx2", "1.13.0,V1_2,default", "2.15.0,V2_15,avx2", "2.15.0,V2_15,default"})
    void everyTensorBitForBit(String version, TorchEra era, String capability) throws IOException {
        JsonNode golden;
        try (InputStream in = TorchGoldenTest.class.getResourceAsStream("/torch-replay-" + version + ".json")) {
            golden = new ObjectMapper().readTree(Objects.requireNonNull(in));
        }
        assertEquals(version, golden.path("torch").asText());
        TorchKernels kernels = (capability.equals("avx2") ? TorchKernels.AVX2 : TorchKernels.DEFAULT).withEra(era);
        assertEquals(3 * MODULES.size() + 11, golden.path(capability).size());
        for (JsonNode entry : golden.path(capability)) {
            TorchModule module =
                    Objects.requireNonNull(MODULES.get(entry.path("module").asText()));
            TorchDtype dtype = TorchDtype.valueOf(entry.path("dtype").asText().toUpperCase(Locale.ROOT));
            TorchReplay replay = TorchReplay.of(module, entry.path("seed").longValue(), dtype, kernels);
            JsonNode expected = entry.path("tensors");
            assertEquals(expected.size(), replay.tensors().size());
            replay.forEach((tensor, bytes) -> assertEquals(
                    expected.path(tensor.name()).asText(), sha256(bytes), () -> entry.path("module") + " " + tensor));
        }
    }
}
