package io.detinit.interop.checkpoint;

import io.detinit.interop.file.MalformedFileException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * Files that people mistake for checkpoints, or that hold one in a form that is not read: recognised by their first bytes, so that
 * the message can say what they are and what to do.
 */
enum ForeignFormat {
    PICKLE(
            0,
            "\u0080",
            "a Python pickle that is no file of torch.save",
            "only torch.save's are read; nothing of it was run"),
    TAR(
            257,
            "ustar",
            "a tar archive (torch.save wrote those before 0.2)",
            "unpack it, or save it again with a newer PyTorch"),
    PREVIEW(0, "PYTORCH1", "a file of a preview release of PyTorch", "save it again with a newer one"),
    ORT(4, "ORTM", "a model in ONNX Runtime's own format", "use the .onnx it was made from"),
    FLATBUFFER_PTL(4, "PTMF", "a TorchScript model in flatbuffer form", "save it with torch.jit.save"),
    TFLITE(4, "TFL3", "a TensorFlow Lite model", "convert it to ONNX with tf2onnx"),
    GGUF(0, "GGUF", "a GGUF file", "use the safetensors it was made from"),
    HDF5(0, "\u0089HDF\r\n", "an HDF5 file (Keras)", "export it as ONNX with tf2onnx"),
    GZIP(0, "\u001f\u008b", "a gzip file", "unpack it first"),
    XZ(0, "\u00fd7zXZ", "an xz file", "unpack it first"),
    SEVEN_ZIP(0, "7z\u00bc\u00af", "a 7-Zip archive", "unpack it first"),
    LFS(0, "version https://git-lfs", "a Git LFS pointer", "fetch the file it stands for with git lfs pull");

    private final int at;
    private final String bytes;
    private final String what;
    private final String advice;

    ForeignFormat(int at, String bytes, String what, String advice) {
        this.at = at;
        this.bytes = bytes;
        this.what = what;
        this.advice = advice;
    }

    /**
     * The refusal of a file that is recognised.
     *
     * @param path the file, for messages
     * @param head its first bytes, 512 or all there are
     * @return the refusal, empty where nothing is recognised
     */
    static Optional<MalformedFileException> refusal(Object path, byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        String start = text.stripLeading().toLowerCase(Locale.ROOT);
        if (start.startsWith("<!doctype") || start.startsWith("<html") || start.startsWith("<?xml")) {
            return Optional.of(MalformedFileException.of(
                    path, "byte 0", "an HTML or XML page", "a checkpoint; the download failed"));
        }
        for (ForeignFormat format : values()) {
            if (text.startsWith(format.bytes, format.at)) {
                return Optional.of(
                        MalformedFileException.unsupported(path, "byte " + format.at, format.what, format.advice));
            }
        }
        return Optional.empty();
    }
}
