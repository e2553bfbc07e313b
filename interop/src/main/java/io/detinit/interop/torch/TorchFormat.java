package io.detinit.interop.torch;

/** The kinds of PyTorch's files. */
public enum TorchFormat {
    /** {@code torch.save} since 1.6: a zip with data.pkl. */
    ZIP("pytorch", "detinit/"),
    /** {@code torch.save} before 1.6, or without the zip. */
    LEGACY("pytorch-legacy", ""),
    /** {@code torch.jit.save}: a zip with data.pkl and code. */
    TORCHSCRIPT("torchscript", "extra/detinit."),
    /** {@code torch.package}. */
    PACKAGE("torch-package", "detinit/"),
    /** {@code torch.export.save}. */
    PT2("pt2", "extra/detinit."),
    /** {@code torch.distributed.checkpoint}: a folder. */
    DISTRIBUTED("pytorch-distributed", "");

    private final String id;
    private final String metadataPrefix;

    TorchFormat(String id, String metadataPrefix) {
        this.id = id;
        this.metadataPrefix = metadataPrefix;
    }

    /** {@return the name in reports} */
    public String id() {
        return id;
    }

    /** Where in the archive this project's own records lie; empty where the format has no place for them. */
    String metadataPrefix() {
        return metadataPrefix;
    }
}
