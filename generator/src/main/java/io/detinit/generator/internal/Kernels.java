package io.detinit.generator.internal;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the kernel, once, by what the JVM and the CPU can do; all kernels give the same bits.
 *
 * <p>The choice and its reason are logged at level DEBUG under the name of this package. Two system properties force it, and
 * fail loudly where they ask for what is not there: {@value #KERNEL_PROPERTY} is {@code auto}, {@code scalar} or
 * {@code vector}; {@value #BITS_PROPERTY} is the vectors' width, 128, 256 or 512.
 */
public final class Kernels {

    /** The system property that names the kernel. */
    public static final String KERNEL_PROPERTY = "detinit.kernel";

    /** The system property that sets the width of the vector kernel, in bits. */
    public static final String BITS_PROPERTY = "detinit.kernel.bits";

    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String VECTOR_KERNEL = "io.detinit.generator.internal.vector.VectorKernel";

    /** Narrower vectors than this do not pay: a 128-bit kernel is slower than the scalar one. */
    private static final int LEAST_BITS = 256;

    private Kernels() {}

    /** A kernel and why it is used. */
    public record Choice(FillKernel kernel, String reason) {}

    /** Loaded when the first weights are asked for; remembers a refusal, so that every caller gets the same message. */
    private static final class Chosen {
        static final @Nullable Choice CHOICE;
        static final String REFUSAL;

        static {
            Choice choice = null;
            String refusal = "";
            try {
                choice = logged(choose(System.getProperty(KERNEL_PROPERTY, "auto")));
            } catch (IllegalArgumentException e) {
                refusal = String.valueOf(e.getMessage());
            }
            CHOICE = choice;
            REFUSAL = refusal;
        }
    }

    /**
     * The kernel in use.
     *
     * @return the kernel and the reason for it
     * @throws IllegalArgumentException if a system property forces a kernel that cannot run here
     */
    public static Choice active() {
        Choice choice = Chosen.CHOICE;
        if (choice == null) {
            throw new IllegalArgumentException(Chosen.REFUSAL);
        }
        return choice;
    }

    private static Choice logged(Choice choice) {
        Logger logger = System.getLogger(Kernels.class.getPackageName());
        logger.log(Level.DEBUG, "fill kernel: {0} ({1})", choice.kernel().description(), choice.reason());
        return choice;
    }

    /**
     * Chooses a kernel.
     *
     * @param wish {@code auto}, {@code scalar} or {@code vector}
     * @return the kernel and the reason for it
     * @throws IllegalArgumentException if the wish is unknown or cannot be met
     */
    static Choice choose(String wish) {
        switch (wish.toLowerCase(Locale.ROOT)) {
            case "scalar" -> {
                return new Choice(ScalarKernel.INSTANCE, "forced by -D" + KERNEL_PROPERTY + "=scalar");
            }
            case "vector" -> {
                if (!hasVectorModule()) {
                    throw new IllegalArgumentException(
                            "-D" + KERNEL_PROPERTY + "=vector, but the JVM runs without the module " + VECTOR_MODULE
                                    + "; start it with --add-modules " + VECTOR_MODULE);
                }
                return new Choice(load(), "forced by -D" + KERNEL_PROPERTY + "=vector");
            }
            case "auto" -> {
                return automatic();
            }
            default ->
                throw new IllegalArgumentException(
                        "-D" + KERNEL_PROPERTY + "=" + wish + " is unknown; it is auto, scalar or vector");
        }
    }

    private static Choice automatic() {
        if (!hasVectorModule()) {
            return scalar("the JVM runs without --add-modules " + VECTOR_MODULE);
        }
        String mode = System.getProperty("java.vm.info", "");
        if (mode.contains("interpreted") || mode.contains("emulated-client")) {
            return scalar("the JVM runs without its optimising compiler (" + mode + ")");
        }
        try {
            FillKernel kernel = load();
            int bits = kernel.vectorBits();
            if (bits < LEAST_BITS && System.getProperty(BITS_PROPERTY) == null) {
                return scalar("vectors have only " + bits + " bits here");
            }
            return new Choice(kernel, "the widest vectors that this JVM offers on this CPU");
        } catch (LinkageError e) {
            return scalar("the vector kernel does not load: " + e);
        }
    }

    private static Choice scalar(String reason) {
        return new Choice(ScalarKernel.INSTANCE, reason);
    }

    private static boolean hasVectorModule() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    private static FillKernel load() {
        try {
            return Class.forName(VECTOR_KERNEL)
                    .asSubclass(FillKernel.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw refused;
            }
            throw e;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the vector kernel " + VECTOR_KERNEL + " is missing or damaged", e);
        }
    }

    /**
     * The width to use for vectors.
     *
     * @param widest the widest that the CPU offers, in bits
     * @return the width that {@value #BITS_PROPERTY} asks for, else the widest but no more than 512
     * @throws IllegalArgumentException if the property asks for more than the CPU offers, or for an unknown width
     */
    public static int vectorBits(int widest) {
        String wish = System.getProperty(BITS_PROPERTY);
        if (wish == null) {
            return Math.min(widest, 512);
        }
        if (!wish.matches("128|256|512")) {
            throw new IllegalArgumentException(
                    "-D" + BITS_PROPERTY + "=" + wish + " is unknown; it is 128, 256 or 512");
        }
        int bits = Integer.parseInt(wish);
        if (bits > widest) {
            throw new IllegalArgumentException(
                    "-D" + BITS_PROPERTY + "=" + bits + ", but the widest vectors here have " + widest + " bits");
        }
        return bits;
    }
}
