package io.detinit.interop.torch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.DamagedFiles;
import io.detinit.interop.SharedFiles;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.tensor.TensorView;
import io.detinit.interop.zip.ZipWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Exported programs and packages made by hand. */
class Pt2Test {

    private static final long[] TWO = {2};
    private static final long[] ONE = {1};
    private static final String META = "\"tensor_meta\": {\"dtype\": 7, \"sizes\": [{\"as_int\": 2}], \"strides\":"
            + " [{\"as_int\": 1}], \"storage_offset\": {\"as_int\": 0}, \"layout\": 7}";
    private static final String W =
            "{\"w\": {\"path_name\": \"weight_0\", \"is_param\": true, \"use_pickle\": false, " + META + "}}";

    @TempDir
    Path folder;

    private static TestArchives archive(String config) {
        return new TestArchives()
                .record("archive_format", "pt2")
                .record("archive_version", "0")
                .record("models/m.json", "{\"x\": [NaN, {\"buffer_name\": \"c\"}]}")
                .record("data/weights/m_weights_config.json", "{\"config\": " + config + "}")
                .record("data/constants/m_constants_config.json", "{\"config\": {}}")
                .record("data/weights/weight_0", new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40});
    }

    private byte[] saved(String name) throws IOException {
        PickleBytes pickle = name.isEmpty() ? new PickleBytes() : new PickleBytes().entry(name);
        pickle.tensor("0", 2, 0, TWO, ONE);
        Path path = TestArchives.of((name.isEmpty() ? pickle : pickle.ops("s")).stop())
                .floats("0", 3, 4)
                .write(folder.resolve("inner"));
        return Files.readAllBytes(path);
    }

    private String summary(TestArchives archive) throws IOException {
        try (TorchFile file = TorchFile.open(archive.write(folder.resolve("a.pt2")))) {
            assertEquals("pt2", file.format());
            return file.tensors().stream()
                    .map(t -> t.info().name() + " " + t.info().kind())
                    .collect(Collectors.joining(", "));
        }
    }

    private String refusal(TestArchives archive) throws IOException {
        Path path = archive.write(folder.resolve("a.pt2"));
        MalformedFileException e = assertThrows(MalformedFileException.class, () -> TorchFile.open(path));
        assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
        return e.getMessage().substring(path.toString().length() + 2);
    }

    @Test
    void rawAndPickledWeightsAndConstants() throws IOException {
        String config = W.substring(0, W.length() - 1)
                + ", \"p\": {\"path_name\": \"weight_1\", \"is_param\": false, \"use_pickle\": true, " + META + "}}";
        String constants = "{\"config\": {\"c\": {\"path_name\": \"tensor_0\", \"is_param\": false, \"use_pickle\":"
                + " false, " + META + "}, \"k\": {\"path_name\": \"tensor_0\", " + META
                + "}, \"o\": {\"path_name\": \"custom_obj_0\", \"use_pickle\": true, \"tensor_meta\": null}}}";
        TestArchives archive = archive(config)
                .record("data/weights/weight_1", saved(""))
                .record("data/constants/m_constants_config.json", constants)
                .record("data/constants/tensor_0", new byte[8]);
        assertEquals("w PARAMETER, p BUFFER, c BUFFER, k CONSTANT", summary(archive));
        try (TorchFile file = TorchFile.open(folder.resolve("a.pt2"))) {
            float[] values = new float[2];
            file.tensors().get(0).readFloats(0, values, 0, 2);
            assertArrayEquals(new float[] {1, 2}, values);
            TensorView pickled = file.tensors().get(1);
            pickled.readFloats(0, values, 0, 2);
            assertArrayEquals(new float[] {3, 4}, values);
            assertTrue(pickled.location().startsWith("storage archive/data/weights/weight_1!/archive/data/0, byte "));
            assertTrue(pickled.view(0, 8).isReadOnly());
            assertTrue(file.warnings().toString().contains("'o' in data/constants/custom_obj_0 is no tensor"));
        }
    }

    @Test
    void severalModelsArePrefixed() throws IOException {
        TestArchives archive = archive(W)
                .record("models/n.json", "{\"parameter_name\": \"n\"}")
                .record("data/weights/n.pt", saved("n"))
                .record("data/constants/n.pt", new byte[0]);
        assertEquals("m.w PARAMETER, n.n PARAMETER", summary(archive));
    }

    @Test
    void oldArchivesHoldFilesOfTorchSave() throws IOException {
        Path path = folder.resolve("old.pt2");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ZipWriter writer = new ZipWriter(channel); // in no folder
            writer.store("serialized_exported_program.json", "{\"buffer_name\": \"w\"}".getBytes(UTF_8));
            writer.store("serialized_state_dict.pt", saved("w"));
            writer.store("serialized_constants.pt", saved("c"));
            writer.store("version", "8.2".getBytes(UTF_8));
            writer.finish();
        }
        try (TorchFile file = TorchFile.open(path)) {
            assertEquals("pt2", file.format());
            assertEquals(
                    "w BUFFER, c CONSTANT",
                    file.tensors().stream()
                            .map(t -> t.info().name() + " " + t.info().kind())
                            .collect(Collectors.joining(", ")));
            assertEquals(
                    "serialized_state_dict.pt!/archive/data/0",
                    ((StorageTensor) file.tensors().get(0))
                            .storageView()
                            .storage()
                            .key());
        }
        DamagedFiles.truncate(folder, Files.readAllBytes(path), TorchFile::open);
    }

    @Test
    void aNewArchiveCutShortIsRefused() throws IOException {
        DamagedFiles.truncate(
                folder, Files.readAllBytes(archive(W).write(folder.resolve("whole.pt2"))), TorchFile::open);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "[]                                              | config: found START_ARRAY",
                "{\"w\": 3}                                      | 'w': found VALUE_NUMBER_INT",
                "{\"w\": {}}                                     | 'w': found no path_name",
                "{\"w\": {\"path_name\": 3}}                     | path_name: found VALUE_NUMBER_INT",
                "{\"w\": {\"path_name\": \"a\", \"is_param\": 1}} | is_param: found VALUE_NUMBER_INT",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": {}}} | tensor_meta: found a missing field",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": []}} | tensor_meta: found START_ARRAY",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": {\"sizes\": [2]}}} | sizes: found VALUE_NUMBER_INT",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": {\"sizes\": [{\"as_int\": -1}]}}} | sizes: found -1",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": {\"sizes\": [{\"as_expr\": \"s0\"}]}}} | sizes: found no as_int",
                "{\"w\": {\"path_name\": \"a\", \"tensor_meta\": {\"dtype\": 99999999999999999999}}} | an integer in [0, 2^63)",
                "{\"w\": {\"path_name\": \"a\"}, \"w\": {\"path_name\": \"a\"}} | Duplicate field 'w'",
                "{} } x                                          | byte ",
                "{\"w\": {\"path_name\": \"../../x\", META}}     | no record data/weights/../../x",
            })
    void aConfigurationOfAnotherShapeIsRefused(String config, String expected) throws IOException {
        String message = refusal(archive(config.replace("META", META)));
        assertTrue(message.contains(expected), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"as_int\": 2 | \"as_int\": 3 | element 2 of storage archive/data/weights/weight_0",
                "\"as_int\": 0 | \"as_int\": 1 | element 2 of storage archive/data/weights/weight_0",
                "\"as_int\": 0 | \"as_int\": 9223372036854775807 | exceeds 2^63",
                "\"as_int\": 2 | \"as_int\": 9223372036854775807 | exceeds 2^63",
            })
    void aViewOutsideOfItsRecordIsRefused(String old, String now, String expected) throws IOException {
        String message = refusal(archive(W.replace(old, now)));
        assertTrue(message.contains("tensor 'w'") && message.contains(expected), message);
    }

    @Test
    void whatCannotBeReadIsSaid() throws IOException {
        TestArchives archive = archive(W.replace("\"dtype\": 7", "\"dtype\": 9"))
                .record("data/aotinductor/m/m.so", "elf")
                .record("archive_version", "1");
        try (TorchFile file = TorchFile.open(archive.write(folder.resolve("a.pt2")))) {
            assertEquals(0, file.tensors().size());
            assertTrue(file.warnings().toString().contains("'w' of dtype 9, layout 7 is not read"));
            assertTrue(file.warnings().toString().contains("data/aotinductor"));
            assertTrue(file.warnings().toString().contains("archive_version is 1"));
        }
        TestArchives empty = archive(W).record("data/weights/weight_0", new byte[0]);
        try (TorchFile file = TorchFile.open(empty.write(folder.resolve("a.pt2")))) {
            assertTrue(file.warnings().toString().contains("'w' of no data"));
        }
        String zero = W.replace("\"as_int\": 2", "\"as_int\": 0").replaceAll("(offset[^}]*)0", "$177");
        assertEquals("w PARAMETER", summary(archive(zero)));
        assertTrue(refusal(archive(W).record("archive_format", "pt3")).contains("'pt3'"));
        assertTrue(refusal(archive(W).record("models/x.json", "{}")).contains("data/weights/x_weights_config.json"));
        assertTrue(refusal(archive(W).record("models/m.json", "{")).contains("models/m.json, byte "));
        assertTrue(refusal(archive(W.replace("false", "true"))).contains("zip archive"));
    }

    @Test
    void aPackageOfSeveralPicklesNamesThem() throws IOException {
        byte[] one = new PickleBytes()
                .entry("w")
                .tensor("0", 2, 0, TWO, ONE)
                .ops("s")
                .stop();
        byte[] none = new PickleBytes().ops("}").stop();
        TestArchives archive = new TestArchives()
                .record(".data/extern_modules", "torch\n")
                .record(".data/0.storage", new byte[8])
                .record("a/b/first.pkl", one)
                .record("a/second.pkl", one)
                .record("a/third.pkl", none);
        try (TorchFile file = TorchFile.open(archive.write(folder.resolve("a.pt")))) {
            assertEquals("torch-package", file.format());
            assertEquals("a.b.first.w", file.tensors().get(0).info().name());
            assertEquals("a.second.w", file.tensors().get(1).info().name());
            assertEquals("a.b.first.w", file.tied().get("a.second.w"));
            assertTrue(file.warnings().contains("the pickle a/third.pkl holds no tensors"));
        }
        assertTrue(refusal(archive.record("a.b/first.pkl", one)).contains("a second one of that name"));
    }

    @Test
    void aFileMadeToTheSpecification() throws IOException {
        try (TorchFile file = TorchFile.open(SharedFiles.path("fixtures/made/pt2/linear_seed7.pt2"))) {
            assertEquals("fc.weight", file.tensors().get(0).info().name());
            assertEquals("fc.bias", file.tensors().get(1).info().name());
            assertEquals(160, file.tensors().get(0).info().bytes());
        }
    }
}
