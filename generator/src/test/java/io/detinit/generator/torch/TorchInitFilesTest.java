package io.detinit.generator.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.detinit.generator.torch.TorchRecurrent.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * 25 modules constructed by PyTorch 1.13.1 (Debian 12, glibc 2.36, x86-64) after {@code torch.manual_seed(42)}, each once with
 * the AVX2 kernels and once with {@code ATEN_CPU_CAPABILITY=default}: every tensor's raw bytes by SHA-256.
 */
class TorchInitFilesTest {

    private static final TorchModules NN = TorchModules.CURRENT;

    private static Map<String, TorchModule> modules() {
        TorchEra era = NN.era();
        TorchTransformer wide = new TorchTransformer(16, 32, true);
        TorchTransformer narrow = new TorchTransformer(16, 24, true);
        Map<String, TorchModule> modules = new TreeMap<>();
        modules.put("after_other_draws", NN.linear(20, 30, true));
        modules.put("bilinear", NN.bilinear(4, 5, 6, true));
        modules.put("conv1d", NN.conv(3, 8, 5));
        modules.put("conv2d", NN.conv(3, 16, 4, 4));
        modules.put("conv2d_groups", new TorchConvolution(8, 16, List.of(3L, 3L), 4, true, false).module(era));
        modules.put("conv3d", NN.conv(2, 4, 3, 3, 3));
        modules.put("convtranspose2d", NN.convTranspose(6, 4, 3, 3));
        modules.put("double", NN.linear(20, 30, true));
        modules.put("embedding", NN.embedding(50, 16, OptionalLong.empty()));
        modules.put("embedding_padding", NN.embedding(21, 7, OptionalLong.of(0)));
        modules.put("embedding_small", NN.embedding(3, 4, OptionalLong.empty()));
        modules.put("embeddingbag", NN.embedding(13, 9, OptionalLong.empty()));
        modules.put("encoder2", narrow.stack(era, narrow.encoderLayer(era), 2, false));
        modules.put("encoderlayer", wide.encoderLayer(era));
        modules.put("gru", TorchRecurrent.of(Kind.GRU, 7, 9).module(era));
        modules.put(
                "lenet",
                NN.sequential(
                        NN.conv(1, 6, 5, 5),
                        NN.stateless(),
                        NN.batchNorm(6),
                        NN.conv(6, 16, 5, 5),
                        NN.stateless(),
                        NN.linear(256, 120, true),
                        NN.linear(120, 84, true),
                        NN.linear(84, 10, true)));
        modules.put("linear", NN.linear(784, 300, true));
        modules.put("linear_nobias", NN.linear(33, 17, false));
        modules.put("lstm2bi", new TorchRecurrent(Kind.LSTM, 10, 20, 2, true, true, 0).module(era));
        modules.put("lstm_proj", new TorchRecurrent(Kind.LSTM, 10, 20, 1, true, false, 5).module(era));
        modules.put("lstmcell", TorchRecurrent.of(Kind.LSTM, 4, 6).cell(era));
        modules.put("mha", TorchAttention.of(16).module(era));
        modules.put("mha_kdim", new TorchAttention(16, 10, 12, true, false).module(era));
        modules.put("norms", NN.sequential(NN.batchNorm(4), NN.norm(true, 6), NN.norm(true, 4), NN.prelu(3)));
        modules.put("rnn", TorchRecurrent.of(Kind.RNN, 7, 9).module(era));
        return modules;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void everyModuleInBothKernelsBitForBit() throws IOException {
        Path list = SharedFiles.path("fixtures/torch-init/init.json");
        JsonNode files = new ObjectMapper().readTree(list.toFile());
        Map<String, TorchModule> modules = modules();
        assertEquals(2 * modules.size(), files.size());
        List<String> wrong = new ArrayList<>();
        int tensors = 0;
        for (Map.Entry<String, JsonNode> file : files.properties()) {
            String[] name = file.getKey().split("\\.", -1);
            TorchModule module = modules.get(name[0]);
            assertTrue(module != null, file.getKey());
            TorchKernels kernels = name[1].equals("avx2") ? TorchKernels.AVX2 : TorchKernels.DEFAULT;
            StreamPosition start = StreamPosition.at(name[0].equals("after_other_draws") ? 1000 : 0);
            TorchDtype dtype = name[0].equals("double") ? TorchDtype.FLOAT64 : TorchDtype.FLOAT32;
            TorchReplay replay =
                    TorchReplay.of(module, file.getValue().path("seed").longValue(), start, dtype, kernels);
            JsonNode expected = file.getValue().path("tensors");
            assertEquals(expected.size(), replay.tensors().size(), file.getKey());
            for (TorchReplay.Tensor tensor : replay.tensors()) {
                JsonNode entry = expected.path(tensor.name());
                String shape = entry.path("shape").toString().replace(",", ", ");
                assertEquals(shape, tensor.entry().shape().toString(), file.getKey() + " " + tensor.name());
                if (!entry.path("sha256").asText().equals(sha256(tensor.init().bytes()))) {
                    wrong.add(file.getKey() + " " + tensor.name());
                }
                tensors++;
            }
        }
        assertEquals(List.of(), wrong);
        assertEquals(254, tensors);
    }
}
