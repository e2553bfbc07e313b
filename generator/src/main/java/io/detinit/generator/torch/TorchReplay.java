package io.detinit.generator.torch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * A module placed on the stream of a seed: which draw every tensor begins at, and its values.
 *
 * <pre>{@code
 * TorchModules nn = TorchModules.CURRENT;
 * TorchModule mlp = nn.sequential(nn.linear(784, 300, true), nn.stateless(), nn.linear(300, 10, true));
 * TorchReplay replay = TorchReplay.of(mlp, 42, TorchDtype.FLOAT32, TorchKernels.AVX2);
 * float[] weight = replay.tensor("2.weight").init().floats(); // the bits of torch.manual_seed(42)
 * }</pre>
 *
 * <p>Immutable; placing makes no values.
 */
public final class TorchReplay {

    private final long seed;
    private final TorchKernels kernels;
    private final Map<String, Tensor> tensors;
    private final StreamPosition end;

    private TorchReplay(long seed, TorchKernels kernels, Map<String, Tensor> tensors, StreamPosition end) {
        this.seed = seed;
        this.kernels = kernels;
        this.tensors = tensors;
        this.end = end;
    }

    /**
     * One tensor of the module.
     *
     * @param entry its entry in the state dict
     * @param rule the rule that wrote what it holds at last
     * @param fan the fan that the rule was given; {@link TorchRule#NO_FAN} if none
     * @param init its values; a copy's are those of its source, at the source's draw
     */
    public record Tensor(TorchTensor entry, TorchRule rule, long fan, TorchInit init) {

        /** {@return the name} */
        public String name() {
            return entry.name();
        }
    }

    /**
     * A module constructed right after {@code torch.manual_seed(seed)}.
     *
     * @param module the module
     * @param seed the seed; only its low 32 bits matter
     * @param dtype the dtype it was constructed with
     * @param kernels the build; its era should be the one the module was made for
     * @return the replay
     */
    public static TorchReplay of(TorchModule module, long seed, TorchDtype dtype, TorchKernels kernels) {
        return of(module, seed, StreamPosition.START, dtype, kernels);
    }

    /**
     * A module constructed after other draws.
     *
     * @param module the module
     * @param seed the seed; only its low 32 bits matter
     * @param start the position at which construction begins
     * @param dtype the dtype it was constructed with
     * @param kernels the build; its era should be the one the module was made for
     * @return the replay
     * @throws IllegalArgumentException if the dtype is INT64 and something is drawn
     */
    public static TorchReplay of(
            TorchModule module, long seed, StreamPosition start, TorchDtype dtype, TorchKernels kernels) {
        Objects.requireNonNull(kernels, "kernels");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, TorchTensor> entries = new LinkedHashMap<>();
        module.stateDict().forEach(entry -> entries.put(entry.name(), entry));
        Map<String, Tensor> placed = new LinkedHashMap<>();
        StreamPosition at = start;
        for (TorchStep step : module.steps()) {
            TorchTensor entry = Objects.requireNonNull(entries.get(step.tensor()));
            Tensor tensor;
            if (step instanceof TorchStep.Fill fill) {
                TorchInit init = new TorchInit(seed, at, entry.shape(), entry.dtype(dtype), fill.fill(), kernels);
                at = init.end();
                tensor = new Tensor(entry, fill.rule(), fill.fan(), init);
            } else {
                Tensor source = Objects.requireNonNull(placed.get(((TorchStep.Copy) step).source()));
                tensor = new Tensor(entry, source.rule(), source.fan(), source.init());
            }
            placed.put(entry.name(), tensor);
        }
        for (String name : entries.keySet()) {
            tensors.put(name, Objects.requireNonNull(placed.get(name)));
        }
        return new TorchReplay(seed, kernels, tensors, at);
    }

    /** {@return the tensors in the order of the state dict} */
    public List<Tensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /**
     * A tensor by name.
     *
     * @param name its key in the state dict
     * @return the tensor
     * @throws IllegalArgumentException if there is none of that name
     */
    public Tensor tensor(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the module has no tensor '" + name + "'; it has " + tensors.keySet());
        }
        return tensor;
    }

    /** {@return the stream position after construction} */
    public StreamPosition end() {
        return end;
    }

    /**
     * Makes the bytes of every tensor in one pass over the stream, in the order of the draws. Equal to calling
     * {@link TorchInit#bytes()} on each, without passing over the stream again for each.
     *
     * @param sink receives each tensor and its little-endian bytes
     * @throws ArithmeticException if a tensor has more than 2^31-1 bytes
     */
    public void forEach(BiConsumer<Tensor, byte[]> sink) {
        Map<TorchInit, List<Tensor>> shared = new LinkedHashMap<>();
        for (Tensor tensor : tensors.values()) {
            shared.computeIfAbsent(tensor.init(), init -> new ArrayList<>()).add(tensor);
        }
        List<TorchInit> order = new ArrayList<>(shared.keySet());
        // The end decides where a tensor drew nothing anew and the next one begins at the same draw.
        order.sort(Comparator.comparingLong((TorchInit init) -> init.start().draw())
                .thenComparingLong(init -> init.end().draw()));
        TorchGenerator generator = new TorchGenerator(seed, kernels);
        for (TorchInit init : order) {
            byte[] bytes = init.bytes(generator);
            Objects.requireNonNull(shared.get(init)).forEach(tensor -> sink.accept(tensor, bytes.clone()));
        }
    }
}
