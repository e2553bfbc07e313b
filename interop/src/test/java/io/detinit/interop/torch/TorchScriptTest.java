package io.detinit.interop.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TorchScript archives made by hand, and real ones of others. */
class TorchScriptTest {

    private static final long[] ONE = {1};
    private static final byte[] NO_CONSTANTS = new PickleBytes().ops(")").stop();
    private static final String CODE = """
            class Net(Module):
              __parameters__ = ["w", ]
              __buffers__ = ["b", ]
              w : Tensor
              b : Tensor
              __annotations__["0"] = Tensor
              def forward(self: __torch__.Net,
                x: Tensor) -> Tensor:
                __parameters__ = ["p", ]
                return x
            class Box:
              __parameters__ = ["v", ]
              v : Tensor
            def helper(x: Tensor) -> Tensor:
              return x
            """;

    @TempDir
    Path folder;

    /** Opens an object of a class, to be filled with pairs of name and value and closed by {@link #end}. */
    private static PickleBytes object(PickleBytes pickle, String module, String name) {
        return pickle.global(module, name).ops(")\u0081}(");
    }

    private static PickleBytes end(PickleBytes pickle) {
        return pickle.ops("ub");
    }

    private static PickleBytes tensor(PickleBytes pickle, String attribute) {
        return pickle.text(attribute).tensor("0", 1, 0, ONE, ONE);
    }

    private static PickleBytes net() {
        return object(new PickleBytes(), "__torch__", "Net");
    }

    private TestArchives archive(PickleBytes pickle, String code) {
        return new TestArchives()
                .record("data.pkl", pickle.stop())
                .record("constants.pkl", NO_CONSTANTS)
                .record("code/__torch__.py", code)
                .floats("0", 2.5f);
    }

    private String summary(TestArchives archive) throws IOException {
        try (TorchFile file = TorchFile.open(archive.write(folder.resolve("a.pt")))) {
            assertEquals("torchscript", file.format());
            return file.tensors().stream()
                    .map(t -> t.info().name() + " " + t.info().kind())
                    .collect(Collectors.joining(", "));
        }
    }

    private List<String> warnings(TestArchives archive) throws IOException {
        try (TorchFile file = TorchFile.open(archive.write(folder.resolve("a.pt")))) {
            return file.warnings();
        }
    }

    private String refusal(TestArchives archive) throws IOException {
        Path path = archive.write(folder.resolve("a.pt"));
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> TorchFile.open(path));
        assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
        return e.getMessage().substring(path.toString().length() + 2);
    }

    @Test
    void parametersComeFirstThenBuffersThenTheRestThenSubmodules() throws IOException {
        PickleBytes pickle = net();
        object(pickle.text("sub"), "__torch__", "Net");
        end(tensor(pickle, "w"));
        tensor(tensor(tensor(pickle, "plain"), "b"), "w");
        object(pickle.text("box"), "__torch__", "Box");
        end(tensor(pickle, "v"));
        pickle.text("list").ops("](").tensor("0", 1, 0, ONE, ONE).ops("e");
        assertEquals(
                "w PARAMETER, b BUFFER, plain OTHER, box.v OTHER, list.0 OTHER, sub.w PARAMETER",
                summary(archive(end(pickle), CODE)));
    }

    @Test
    void valuesWithATypeTagAndTensorListsAreFound() throws IOException {
        PickleBytes pickle =
                net().text("d").global("torch.jit._pickle", "restore_type_tag").ops("(}(");
        tensor(pickle, "k").ops("u").text("Dict[str, Tensor]").ops("tR");
        pickle.text("l")
                .global("torch.jit._pickle", "build_tensorlist")
                .ops("(](")
                .tensor("0", 1, 0, ONE, ONE)
                .ops("etR");
        pickle.text("old")
                .global("torch.jit._pickle", "build_tensor_from_id")
                .ops("(")
                .number(0)
                .ops("tR");
        TestArchives archive = archive(end(pickle), CODE);
        assertEquals("d.k OTHER, l.0 OTHER", summary(archive));
        assertTrue(warnings(archive).toString().contains("before 1.3"), warnings(archive)::toString);
    }

    @Test
    void constantsAreNumberedAsTheCodeCallsThem() throws IOException {
        byte[] constants = new PickleBytes()
                .ops("(N")
                .tensor("0", 1, 0, ONE, ONE)
                .ops("(")
                .tensor("0", 1, 0, ONE, ONE)
                .ops("tt")
                .stop();
        TestArchives archive = archive(end(net().text("training").bytes(0x88)), CODE)
                .record("constants.pkl", constants)
                .record("constants/0", new byte[4]);
        assertEquals("CONSTANTS.c1 CONSTANT, CONSTANTS.c2.0 CONSTANT", summary(archive));
        assertTrue(warnings(archive).get(0).startsWith("no parameters but 2 constants"), warnings(archive)::toString);
    }

    @Test
    void theFilesBeforeOnePointSixHadNoListOfBuffers() throws IOException {
        String code = "op_version_set = 1\nclass Net(Module):\n  __parameters__ = [\"w\", ]\n  w : Tensor\n";
        assertEquals("w PARAMETER, b BUFFER", summary(archive(end(tensor(tensor(net(), "b"), "w")), code)));
    }

    @Test
    void aClassWithoutCodeIsGuessedWithAWarning() throws IOException {
        TestArchives archive = archive(
                end(tensor(tensor(object(new PickleBytes(), "__torch__.gone", "Net"), "running_mean"), "w")), CODE);
        assertEquals("w PARAMETER, running_mean BUFFER", summary(archive));
        assertTrue(warnings(archive).toString().contains("'__torch__.gone.Net': a class without code"));
    }

    @Test
    void aStateOfTheClassesOwnIsListedByPosition() throws IOException {
        String code = "class Net(Module):\n  __parameters__ = [\"w\", ]\n  def __setstate__(self) -> NoneType:\n";
        PickleBytes pickle = new PickleBytes().global("__torch__", "Net").ops(")\u0081(");
        TestArchives archive = archive(pickle.tensor("0", 1, 0, ONE, ONE).ops("tb"), code);
        assertEquals("0 OTHER", summary(archive));
        assertTrue(warnings(archive).toString().contains("packed by __torch__.Net itself"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "  __parameters__ = [\"w\"",
                "  __parameters__ = [w, ]",
                "  __parameters__ = [\"a\" \"b\"]",
                "  __parameters__ = [\"a\\\"b\", ]",
                "  __buffers__ = [\"a\", f(x), ]",
                "  __buffers__ = {\"a\"}",
                "  __buffers__ = []; import os"
            })
    void aListThatIsNoneIsRefused(String line) throws IOException {
        String message = refusal(archive(end(tensor(net(), "w")), "class Net(Module):\n" + line + "\n"));
        assertTrue(message.startsWith("code/__torch__.py, line 2: found '"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"  __parameters__ = ['w']", "  __parameters__ = [ \"w\" ,\"x\"]  "})
    void spacesAndQuotesAreNoMatter(String line) throws IOException {
        assertEquals(
                "w PARAMETER", summary(archive(end(tensor(net(), "w")), "class Net(Module):\r\n" + line + "\r\n")));
    }

    @Test
    void whatIsNoModuleIsRefused() throws IOException {
        assertTrue(
                refusal(archive(new PickleBytes().ops("}"), CODE)).contains("found no object of a class of __torch__"));
        assertTrue(refusal(archive(end(net()), CODE)
                        .record("constants.pkl", new PickleBytes().ops("N").stop()))
                .contains("found no tuple"));
        PickleBytes calls =
                net().text("x").global("os", "system").ops("(").text("true").ops("tR");
        assertTrue(refusal(archive(end(calls), CODE)).contains("no tensor but names such as os.system"));
        TestArchives both = archive(
                end(tensor(
                        net().text("x")
                                .global("os", "system")
                                .ops("(")
                                .text("true")
                                .ops("tR"),
                        "w")),
                CODE);
        assertEquals("w PARAMETER", summary(both));
        assertTrue(warnings(both).toString().contains("os.system; nothing of it was run"));
    }

    @Test
    void whatContainsItselfOrMultipliesIsRefused() throws IOException {
        PickleBytes itself = new PickleBytes()
                .global("__torch__", "Net")
                .ops(")\u0081q\u0000}(")
                .text("a")
                .ops("h\u0000ub");
        assertTrue(refusal(archive(itself, CODE)).contains("nested more than"));
        PickleBytes bomb = net().text("l").ops("](");
        tensor(bomb.ops("}("), "k").ops("ueq\u0001");
        for (int k = 2; k < 40; k++) {
            bomb.text("l" + k).bytes(']', '(', 'h', k - 1, 'h', k - 1, 'e', 'q', k);
        }
        assertTrue(refusal(archive(end(bomb), CODE)).contains("more than 1048576 values"));
    }

    @Test
    void missingStoragesAndLaterBytesAreRefused() throws IOException {
        PickleBytes pickle = net().text("w").tensor("9", 1, 0, ONE, ONE);
        assertTrue(refusal(archive(end(pickle), CODE)).contains("no entry 'archive/data/9'"));
        byte[] two = new PickleBytes().ops(").)").stop();
        assertTrue(
                refusal(archive(end(net()), CODE).record("constants.pkl", two)).contains("bytes after STOP"));
    }

    @Test
    void metadataIsAnExtraFile() throws IOException {
        Path path = archive(end(tensor(net(), "w")), CODE)
                .record("extra/detinit.plan.json", "{}")
                .record("extra/other.json", "{}")
                .write(folder.resolve("a.pt"));
        Path copy = folder.resolve("copy.pt");
        try (TorchFile file = TorchFile.open(path)) {
            assertEquals(Map.of(Checkpoint.PLAN_KEY, "{}"), file.metadata());
            file.rewrite(copy, Map.of(), Map.of(Checkpoint.PLAN_KEY, "{\"a\":1}"));
        }
        try (TorchFile file = TorchFile.open(copy)) {
            assertEquals(Map.of(Checkpoint.PLAN_KEY, "{\"a\":1}"), file.metadata());
        }
    }

    @Test
    void realFiles() throws IOException {
        Map<String, String> wanted = Map.of(
                "forces.pt", "",
                "test_versioned_div_tensor_v3.pt", "",
                "script_module_v6.ptl", "CONSTANTS.c0 CONSTANT",
                "scripted.script.dat", "weight PARAMETER, linear.weight PARAMETER, linear.bias PARAMETER",
                "torch-quant-test_linear.scripted.pt", "_packed_params.0 OTHER, _packed_params.1 OTHER");
        for (Map.Entry<String, String> entry : wanted.entrySet()) {
            try (TorchFile file = TorchFile.open(SharedFiles.path("fixtures/torchscript/" + entry.getKey()))) {
                String found = file.tensors().stream()
                        .map(t -> t.info().name() + " " + t.info().kind())
                        .collect(Collectors.joining(", "));
                assertEquals(entry.getValue(), found, entry.getKey());
            }
        }
    }
}
