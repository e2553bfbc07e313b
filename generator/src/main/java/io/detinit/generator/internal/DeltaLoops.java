package io.detinit.generator.internal;

/**
 * Chooses the loop of the comparison, once: in vectors where {@link Kernels} fills in vectors, else in plain Java. So
 * {@value Kernels#KERNEL_PROPERTY} and {@value Kernels#BITS_PROPERTY} choose both.
 */
public final class DeltaLoops {

    private static final String VECTOR_LOOP = "io.detinit.generator.internal.vector.VectorDeltaLoop";

    private DeltaLoops() {}

    /** Loaded at the first comparison. */
    private static final class Chosen {
        static final DeltaLoop LOOP = Kernels.active().kernel().vectorBits() > 0 ? vector() : ScalarDeltaLoop.INSTANCE;
    }

    /**
     * The loop in use.
     *
     * @return the loop
     * @throws IllegalArgumentException if a system property forces a kernel that cannot run here
     */
    public static DeltaLoop active() {
        Kernels.active(); // refuses with its own message each time, not within a class initializer
        return Chosen.LOOP;
    }

    private static DeltaLoop vector() {
        try {
            return Class.forName(VECTOR_LOOP)
                    .asSubclass(DeltaLoop.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the vector loop " + VECTOR_LOOP + " is missing or damaged", e);
        }
    }
}
