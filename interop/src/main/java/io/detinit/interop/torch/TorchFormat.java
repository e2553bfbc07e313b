package io.detinit.interop.torch;

/** The kinds of PyTorch's files. */
public enum TorchFormat {
    /** {@code torch.save} since 1.6: a zip with data.pkl. */
    ZIP("pytorch"),
    /** {@code torch.save} before 1.6, or without the zip. */
    LEGACY("pytorch-legacy"),
    /** {@code torch.jit.save}: a zip with data.pkl and code. */
    TORCHSCRIPT("torchscript"),
    /** {@code torch.package}. */
    PACKAGE("torch-package"),
    /** {@code torch.export.save}. */
    PT2("pt2"),
    /** {@code torch.distributed.checkpoint}: a folder. */
    DISTRIBUTED("pytorch-distributed");

    private final String id;

    TorchFormat(String id) {
        this.id = id;
    }

    /** {@return the name in reports} */
    public String id() {
        return id;
    }
}
