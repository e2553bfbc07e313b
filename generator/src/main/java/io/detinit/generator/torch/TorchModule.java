package io.detinit.generator.torch;

import io.detinit.generator.TensorShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What constructing a PyTorch module does to the random stream: its tensors, and the steps that fill them.
 *
 * @param stateDict the tensors in the order of {@code state_dict()}: a module's own parameters, its own buffers, then its
 *     submodules in the order of registration
 * @param steps the steps in the order of construction, which is the order of the draws
 */
public record TorchModule(List<TorchTensor> stateDict, List<TorchStep> steps) {

    /**
     * Checks that every tensor is written and every step has its tensor.
     *
     * @throws IllegalArgumentException if a name comes twice, a step names no tensor, a copy's source is missing, not yet
     *     written or of another shape, or a tensor is written by no step
     */
    public TorchModule {
        stateDict = List.copyOf(stateDict);
        steps = List.copyOf(steps);
        Map<String, TensorShape> shapes = new HashMap<>();
        for (TorchTensor tensor : stateDict) {
            if (shapes.put(tensor.name(), tensor.shape()) != null) {
                throw new IllegalArgumentException("two tensors are named '" + tensor.name() + "'");
            }
        }
        Set<String> written = new HashSet<>();
        for (TorchStep step : steps) {
            TensorShape shape = shapes.get(step.tensor());
            if (shape == null) {
                throw new IllegalArgumentException("a step writes '" + step.tensor() + "', which is no tensor");
            }
            if (step instanceof TorchStep.Copy copy
                    && !(written.contains(copy.source()) && Objects.equals(shape, shapes.get(copy.source())))) {
                throw new IllegalArgumentException(
                        "'" + copy.tensor() + "' of shape " + shape + " cannot be a copy of '" + copy.source()
                                + "': missing, not yet written, or of another shape");
            }
            written.add(step.tensor());
        }
        for (TorchTensor tensor : stateDict) {
            if (!written.contains(tensor.name())) {
                throw new IllegalArgumentException("no step writes the tensor '" + tensor.name() + "'");
            }
        }
    }

    /**
     * A module described step by step, as its {@code __init__} reads.
     *
     * @param era the rules
     * @return the builder
     */
    public static Builder builder(TorchEra era) {
        return new Builder(era);
    }

    /** Collects tensors and steps. Mutable; for one thread. */
    public static final class Builder {

        private final TorchEra era;
        private final List<TorchTensor> own = new ArrayList<>();
        private final List<TorchTensor> below = new ArrayList<>();
        private final List<TorchStep> steps = new ArrayList<>();

        private Builder(TorchEra era) {
            this.era = era;
        }

        /**
         * Registers a parameter or floating-point buffer; writes nothing yet.
         *
         * @param name its name
         * @param dims its shape
         * @return this builder
         */
        public Builder tensor(String name, long... dims) {
            own.add(new TorchTensor(name, TensorShape.of(dims), false));
            return this;
        }

        /**
         * Registers an int64 scalar that counts from 0.
         *
         * @param name its name
         * @return this builder
         */
        public Builder counter(String name) {
            own.add(new TorchTensor(name, TensorShape.of(), true));
            return fill(name, TorchRule.ZEROS, TorchRule.NO_FAN);
        }

        /**
         * Fills a tensor that is already registered, here or in a submodule.
         *
         * @param name its name
         * @param rule the rule
         * @param fan the fan; {@link TorchRule#NO_FAN} if the rule has none
         * @return this builder
         * @throws IllegalArgumentException if there is no such tensor or the rule does not fit it
         */
        public Builder fill(String name, TorchRule rule, long fan) {
            return fill(name, rule, fan, rule.fill(shape(name), fan, era));
        }

        /**
         * Fills a tensor with something else than the rule's own: {@code nn.init} calls in a constructor.
         *
         * @param name its name
         * @param rule the rule it is recorded under
         * @param fan the fan; {@link TorchRule#NO_FAN} if the rule has none
         * @param fill what is written
         * @return this builder
         */
        public Builder fill(String name, TorchRule rule, long fan, TorchFill fill) {
            steps.add(new TorchStep.Fill(name, rule, fan, fill));
            return this;
        }

        /**
         * Registers and fills a tensor at once.
         *
         * @param name its name
         * @param rule the rule
         * @param fan the fan; {@link TorchRule#NO_FAN} if the rule has none
         * @param dims its shape
         * @return this builder
         * @throws IllegalArgumentException if the rule does not fit the shape
         */
        public Builder filled(String name, TorchRule rule, long fan, long... dims) {
            return tensor(name, dims).fill(name, rule, fan);
        }

        /**
         * Constructs a submodule here.
         *
         * @param name the attribute's name
         * @param module the submodule
         * @return this builder
         */
        public Builder child(String name, TorchModule module) {
            module.stateDict().forEach(tensor -> below.add(tensor.under(name)));
            module.steps().forEach(step -> steps.add(step.under(name)));
            return this;
        }

        /**
         * Makes a submodule a deep copy of one that was constructed before; draws nothing.
         *
         * @param name the attribute's name
         * @param module the submodule
         * @param source the attribute's name of the one before
         * @return this builder
         */
        public Builder copy(String name, TorchModule module, String source) {
            for (TorchTensor tensor : module.stateDict()) {
                below.add(tensor.under(name));
                steps.add(new TorchStep.Copy(name + "." + tensor.name(), source + "." + tensor.name()));
            }
            return this;
        }

        private TensorShape shape(String name) {
            for (List<TorchTensor> tensors : List.of(own, below)) {
                for (TorchTensor tensor : tensors) {
                    if (tensor.name().equals(name)) {
                        return tensor.shape();
                    }
                }
            }
            throw new IllegalArgumentException("no tensor is named '" + name + "'");
        }

        /**
         * The module.
         *
         * @return the module
         * @throws IllegalArgumentException if a tensor is never written, or a name comes twice
         */
        public TorchModule build() {
            List<TorchTensor> all = new ArrayList<>(own);
            all.addAll(below);
            return new TorchModule(all, steps);
        }
    }
}
