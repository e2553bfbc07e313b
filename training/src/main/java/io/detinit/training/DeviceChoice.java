package io.detinit.training;

import ai.djl.Device;
import java.util.Locale;

/** Where to train. */
public enum DeviceChoice {
    /** A GPU where the engine sees one, else the CPU. */
    AUTO,
    /** The CPU. */
    CPU,
    /** The first GPU; an error where there is none. */
    GPU;

    /**
     * Reads a name.
     *
     * @param name auto, cpu or gpu
     * @return the choice
     * @throws IllegalArgumentException if it is another
     */
    public static DeviceChoice parse(String name) {
        for (DeviceChoice choice : values()) {
            if (choice.name().toLowerCase(Locale.ROOT).equals(name)) {
                return choice;
            }
        }
        throw new IllegalArgumentException("unknown device '" + name + "'; known: auto, cpu, gpu");
    }

    /**
     * Chooses the device.
     *
     * @param gpus how many GPUs the engine sees
     * @return the device
     * @throws IllegalArgumentException if a GPU was asked for and there is none; the message says what to do
     */
    public Device resolve(int gpus) {
        if (this == GPU && gpus == 0) {
            throw new IllegalArgumentException(
                    "--device gpu: the PyTorch engine sees no GPU; it needs an NVIDIA GPU and DJL's"
                            + " CUDA natives in place of pytorch-native-cpu; --device cpu trains without");
        }
        return this == CPU || gpus == 0 ? Device.cpu() : Device.gpu(0);
    }
}
