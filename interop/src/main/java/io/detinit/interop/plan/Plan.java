package io.detinit.interop.plan;

import io.detinit.generator.InitPlan;
import io.detinit.generator.InvalidPlanException;
import io.detinit.generator.PlannedTensor;
import io.detinit.generator.StoredOrder;
import io.detinit.generator.TensorShape;
import io.detinit.generator.torch.TorchPlan;
import io.detinit.generator.torch.TorchPlanned;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A plan of either algorithm: what a {@code detinit-plan/1} document says. Immutable; safe for use by many threads. */
public sealed interface Plan {

    /** {@return the seed} */
    long seed();

    /**
     * The same plan under another seed.
     *
     * @param seed the seed
     * @return the plan
     */
    Plan withSeed(long seed);

    /** {@return the parameters in state-dict order} */
    List<Entry> entries();

    /**
     * Looks up an entry.
     *
     * @param name the parameter's name
     * @return its entry, empty where the plan has none
     */
    default Optional<Entry> find(String name) {
        return entries().stream().filter(entry -> entry.name().equals(name)).findFirst();
    }

    /**
     * The same plan for another file of the same model.
     *
     * @param names what this plan calls each parameter, by the name that the file has for it, in file order
     * @param orders which way round the file keeps each, by the same names
     * @return the plan of those parameters, named as in the file
     * @throws InvalidPlanException if this plan has no entry of a name
     */
    Plan forFile(Map<String, String> names, Map<String, StoredOrder> orders);

    /**
     * One parameter.
     *
     * @param name its name
     * @param shape its logical shape, outputs first
     * @param stored which way round its checkpoint keeps it
     * @param values its initial values
     */
    record Entry(String name, TensorShape shape, StoredOrder stored, InitialValues values) {}

    /**
     * The addressable initialisation, {@value InitPlan#ALGORITHM}.
     *
     * @param plan the plan
     */
    record Addressed(InitPlan plan) implements Plan {

        @Override
        public long seed() {
            return plan.seed();
        }

        @Override
        public Plan withSeed(long seed) {
            return new Addressed(new InitPlan(seed, plan.tensors()));
        }

        @Override
        public List<Entry> entries() {
            return plan.tensors().stream().map(this::entry).toList();
        }

        @Override
        public Plan forFile(Map<String, String> names, Map<String, StoredOrder> orders) {
            List<PlannedTensor> tensors = new ArrayList<>();
            names.forEach((file, own) -> {
                PlannedTensor tensor = plan.find(own).orElseThrow(() -> missing(own));
                StoredOrder order = orders.getOrDefault(file, StoredOrder.OUT_IN);
                tensors.add(new PlannedTensor(file, tensor.shape(), tensor.layer(), tensor.scheme(), order));
            });
            return new Addressed(new InitPlan(plan.seed(), tensors));
        }

        private Entry entry(PlannedTensor tensor) {
            return new Entry(tensor.name(), tensor.shape(), tensor.stored(), new AddressedValues(plan.init(tensor)));
        }
    }

    /**
     * PyTorch's initialisation replayed, {@value TorchPlan#ALGORITHM}.
     *
     * @param plan the plan
     */
    record Replayed(TorchPlan plan) implements Plan {

        @Override
        public long seed() {
            return plan.seed();
        }

        @Override
        public Plan withSeed(long seed) {
            return new Replayed(new TorchPlan(seed, plan.tensors()));
        }

        @Override
        public List<Entry> entries() {
            return plan.tensors().stream().map(this::entry).toList();
        }

        @Override
        public Plan forFile(Map<String, String> names, Map<String, StoredOrder> orders) {
            List<TorchPlanned> tensors = new ArrayList<>();
            names.forEach((file, own) -> {
                TorchPlanned tensor = plan.find(own).orElseThrow(() -> missing(own));
                tensors.add(tensor.named(file, orders.getOrDefault(file, StoredOrder.OUT_IN)));
            });
            return new Replayed(new TorchPlan(plan.seed(), tensors));
        }

        private Entry entry(TorchPlanned tensor) {
            return new Entry(
                    tensor.name(), tensor.shape(), tensor.stored(), new ReplayedValues(tensor.init(plan.seed())));
        }
    }

    private static InvalidPlanException missing(String name) {
        return new InvalidPlanException("the plan has no tensor '" + name + "'");
    }
}
