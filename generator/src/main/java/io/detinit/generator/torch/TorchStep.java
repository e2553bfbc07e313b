package io.detinit.generator.torch;

import java.util.Objects;

/** One step of a module's construction, in the order in which PyTorch takes them. */
public sealed interface TorchStep {

    /** {@return the name of the tensor that is written} */
    String tensor();

    /** The same step below a submodule. */
    TorchStep under(String prefix);

    /**
     * A tensor is filled. A tensor may be filled twice; the last one stays, the first one still draws.
     *
     * @param tensor the tensor's name
     * @param rule the rule
     * @param fan the fan that the rule was given; {@link TorchRule#NO_FAN} if none
     * @param fill what the rule writes
     */
    record Fill(String tensor, TorchRule rule, long fan, TorchFill fill) implements TorchStep {

        /** Checks that nothing is missing. */
        public Fill {
            Objects.requireNonNull(tensor, "tensor");
            Objects.requireNonNull(rule, "rule");
            Objects.requireNonNull(fill, "fill");
        }

        @Override
        public TorchStep under(String prefix) {
            return new Fill(prefix + "." + tensor, rule, fan, fill);
        }
    }

    /**
     * A tensor becomes a copy of what another one of the same shape holds at this moment: {@code copy.deepcopy} of a layer.
     *
     * @param tensor the tensor's name
     * @param source the other's name
     */
    record Copy(String tensor, String source) implements TorchStep {

        /** Checks that nothing is missing. */
        public Copy {
            Objects.requireNonNull(tensor, "tensor");
            Objects.requireNonNull(source, "source");
        }

        @Override
        public TorchStep under(String prefix) {
            return new Copy(prefix + "." + tensor, prefix + "." + source);
        }
    }
}
