package io.detinit.generator.torch;

import io.detinit.generator.torch.TorchRecurrent.Kind;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** Random module configurations, each as a Python expression over {@code nn} and as its replay. */
final class TorchCases {

    /** The number of module types. */
    static final int TYPES = 16;

    private static final List<Kind> KINDS = List.of(Kind.values());

    private final SplittableRandom random;
    private final TorchModules nn;
    private final boolean transformerBias;

    /**
     * A source of configurations.
     *
     * @param transformerBias whether transformers and LayerNorm take {@code bias} (PyTorch 2.1 and later); without, they have it
     */
    TorchCases(SplittableRandom random, TorchEra era, boolean transformerBias) {
        this.random = random;
        this.nn = new TorchModules(era);
        this.transformerBias = transformerBias;
    }

    /** One configuration. */
    record Case(String python, TorchModule module) {}

    private long size(long most) {
        return random.nextLong(1, most + 1);
    }

    private static String python(boolean value) {
        return value ? "True" : "False";
    }

    /** A configuration of a type in [0, TYPES). */
    Case next(int type) {
        boolean bias = random.nextInt(4) > 0;
        TorchEra era = nn.era();
        return switch (type) {
            case 0 -> {
                long in = size(40);
                long out = size(40);
                yield new Case("nn.Linear(%d,%d,bias=%s)".formatted(in, out, python(bias)), nn.linear(in, out, bias));
            }
            case 1, 2 -> convolution(type == 2, bias);
            case 3 -> {
                long a = size(6);
                long b = size(6);
                long out = size(9);
                yield new Case(
                        "nn.Bilinear(%d,%d,%d,bias=%s)".formatted(a, b, out, python(bias)),
                        nn.bilinear(a, b, out, bias));
            }
            case 4 -> embedding();
            case 5, 6 -> recurrent(bias);
            case 7 -> {
                Kind kind = KINDS.get(random.nextInt(KINDS.size()));
                long in = size(9);
                long hidden = size(9);
                yield new Case(
                        "nn.%sCell(%d,%d,bias=%s)".formatted(kind, in, hidden, python(bias)),
                        new TorchRecurrent(kind, in, hidden, 1, bias, false, 0).cell(era));
            }
            case 8, 9 -> attention(bias);
            case 10, 11, 12, 13 -> transformer(type - 10);
            case 14 -> {
                long features = size(9);
                yield new Case("nn.BatchNorm2d(%d)".formatted(features), nn.batchNorm(features));
            }
            case 15 -> {
                long a = size(5);
                long b = size(5);
                yield new Case(
                        "nn.ModuleList([nn.LayerNorm((%d,%d)), nn.PReLU(%d), nn.GroupNorm(1,%d)])"
                                .formatted(a, b, a, b),
                        nn.sequential(nn.norm(true, a, b), nn.prelu(a), nn.norm(true, b)));
            }
            default -> throw new IllegalArgumentException("no type " + type);
        };
    }

    private Case convolution(boolean transposed, boolean bias) {
        int axes = 1 + random.nextInt(3);
        long groups = size(3);
        long in = groups * size(4);
        long out = groups * size(4);
        List<Long> kernel =
                LongStream.generate(() -> size(4)).limit(axes).boxed().toList();
        String text = kernel.stream().map(String::valueOf).collect(Collectors.joining(",", "(", ",)"));
        return new Case(
                "nn.Conv%s%dd(%d,%d,%s,groups=%d,bias=%s)"
                        .formatted(transposed ? "Transpose" : "", axes, in, out, text, groups, python(bias)),
                new TorchConvolution(in, out, kernel, groups, bias, transposed).module(nn.era()));
    }

    private Case embedding() {
        long count = size(30);
        long width = size(9);
        boolean padded = random.nextBoolean();
        long row = random.nextLong(count);
        String name = random.nextBoolean() ? "Embedding" : "EmbeddingBag";
        return new Case(
                "nn.%s(%d,%d%s)".formatted(name, count, width, padded ? ",padding_idx=" + row : ""),
                nn.embedding(count, width, padded ? OptionalLong.of(row) : OptionalLong.empty()));
    }

    private Case recurrent(boolean bias) {
        Kind kind = KINDS.get(random.nextInt(KINDS.size()));
        long in = size(9);
        long hidden = 1 + size(9);
        int layers = 1 + random.nextInt(3);
        boolean both = random.nextBoolean();
        long projection = kind == Kind.LSTM && random.nextBoolean() ? random.nextLong(1, hidden) : 0;
        String extra = kind == Kind.LSTM ? ",proj_size=" + projection : "";
        return new Case(
                "nn.%s(%d,%d,num_layers=%d,bias=%s,bidirectional=%s%s)"
                        .formatted(kind, in, hidden, layers, python(bias), python(both), extra),
                new TorchRecurrent(kind, in, hidden, layers, bias, both, projection).module(nn.era()));
    }

    private Case attention(boolean bias) {
        long heads = size(3);
        long embed = heads * size(8);
        boolean joint = random.nextBoolean();
        long keys = joint ? embed : size(20);
        long values = joint ? embed : size(20);
        boolean kv = random.nextBoolean();
        return new Case(
                "nn.MultiheadAttention(%d,%d,bias=%s,add_bias_kv=%s,kdim=%d,vdim=%d)"
                        .formatted(embed, heads, python(bias), python(kv), keys, values),
                new TorchAttention(embed, keys, values, bias, kv).module(nn.era()));
    }

    private Case transformer(int type) {
        TorchEra era = nn.era();
        long width = 2 * size(8);
        long inner = size(20);
        boolean bias = random.nextInt(4) > 0 || !transformerBias;
        String option = transformerBias ? ",bias=" + python(bias) : "";
        TorchTransformer layer = new TorchTransformer(width, inner, bias);
        String arguments = "(%d,2,dim_feedforward=%d%s)".formatted(width, inner, option);
        int count = 1 + random.nextInt(3);
        return switch (type) {
            case 0 -> new Case("nn.TransformerEncoderLayer" + arguments, layer.encoderLayer(era));
            case 1 -> new Case("nn.TransformerDecoderLayer" + arguments, layer.decoderLayer(era));
            case 2 -> {
                boolean decoder = random.nextBoolean();
                String kind = decoder ? "Decoder" : "Encoder";
                boolean norm = random.nextBoolean();
                String last = norm ? ",norm=nn.LayerNorm(%d%s)".formatted(width, option) : "";
                yield new Case(
                        "nn.Transformer%s(nn.Transformer%sLayer%s,%d%s)".formatted(kind, kind, arguments, count, last),
                        layer.stack(era, decoder ? layer.decoderLayer(era) : layer.encoderLayer(era), count, norm));
            }
            default ->
                new Case(
                        "nn.Transformer(%d,2,%d,%d,%d%s)".formatted(width, count, 4 - count, inner, option),
                        layer.transformer(era, count, 4 - count));
        };
    }
}
