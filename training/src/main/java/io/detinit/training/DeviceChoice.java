package io.detinit.training;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Where to train: {@code auto}, {@code cpu}, {@code gpu}, or GPUs by number, such as {@code gpu:1} or {@code gpu:0,1}.
 *
 * @param kind what kind of device
 * @param gpus the numbers of the GPUs, each once, in order of use; empty unless they were named
 */
public record DeviceChoice(Kind kind, List<Integer> gpus) {

    /** Kinds of choices. */
    public enum Kind {
        /** The first GPU where the engine sees one, else the CPU. */
        AUTO,
        /** The CPU. */
        CPU,
        /** One or more GPUs; an error where there are not as many. */
        GPU
    }

    /** The first GPU where the engine sees one, else the CPU. */
    public static final DeviceChoice AUTO = new DeviceChoice(Kind.AUTO, List.of());

    /** The CPU. */
    public static final DeviceChoice CPU = new DeviceChoice(Kind.CPU, List.of());

    /** The first GPU; an error where there is none. */
    public static final DeviceChoice GPU = new DeviceChoice(Kind.GPU, List.of());

    private static final String KNOWN = "known: auto, cpu, gpu, gpu:N, gpu:N,M";

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is negative or stands twice, or there are numbers without GPU
     */
    public DeviceChoice {
        gpus = List.copyOf(gpus);
        if (!gpus.isEmpty() && kind != Kind.GPU) {
            throw new IllegalArgumentException("only GPUs have numbers, not " + kind);
        }
        if (gpus.stream().anyMatch(n -> n < 0) || gpus.stream().distinct().count() != gpus.size()) {
            throw new IllegalArgumentException("GPU numbers are 0 or more and each stands once, not " + gpus);
        }
    }

    /**
     * Reads a name.
     *
     * @param name auto, cpu, gpu, gpu:N or gpu:N,M,...
     * @return the choice
     * @throws IllegalArgumentException if it is another
     */
    public static DeviceChoice parse(String name) {
        for (DeviceChoice plain : List.of(AUTO, CPU, GPU)) {
            if (plain.id().equals(name)) {
                return plain;
            }
        }
        if (!name.startsWith("gpu:")) {
            throw new IllegalArgumentException("unknown device '" + name + "'; " + KNOWN);
        }
        List<Integer> numbers = new ArrayList<>();
        for (String part : name.substring(4).split(",", -1)) {
            try {
                numbers.add(Integer.parseInt(part));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "device '" + name + "': '" + part + "' is no GPU number; " + KNOWN, e);
            }
        }
        return new DeviceChoice(Kind.GPU, numbers);
    }

    /** {@return the name that {@link #parse} reads} */
    public String id() {
        return switch (kind) {
            case AUTO -> "auto";
            case CPU -> "cpu";
            case GPU ->
                gpus.isEmpty()
                        ? "gpu"
                        : "gpu:" + gpus.stream().map(String::valueOf).collect(Collectors.joining(","));
        };
    }

    /**
     * Chooses the devices.
     *
     * @param available how many GPUs the engine sees
     * @return the devices, the first of which holds the parameters; one for each part of a batch
     * @throws IllegalArgumentException if a GPU was asked for and there is none of that number; the message says what to do
     */
    public List<Device> resolve(int available) {
        if (kind == Kind.CPU || (kind == Kind.AUTO && available == 0)) {
            return List.of(Device.cpu());
        }
        List<Integer> wanted = gpus.isEmpty() ? List.of(0) : gpus;
        for (int gpu : wanted) {
            if (gpu >= available) {
                String seen = available == 0
                        ? "no GPU; it needs an NVIDIA GPU and DJL's CUDA natives in place of pytorch-native-cpu (for the command: the "
                                + "environment variable DETINIT_GPU=1)"
                        : "GPUs 0 to " + (available - 1) + " only";
                throw new IllegalArgumentException(
                        "--device " + id() + ": the PyTorch engine sees " + seen + "; --device cpu trains without");
            }
        }
        return wanted.stream().map(Device::gpu).toList();
    }
}
