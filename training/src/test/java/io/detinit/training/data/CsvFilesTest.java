package io.detinit.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.detinit.interop.file.MalformedFileException;
import io.detinit.training.Samples;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvFilesTest {

    private static final String FLOWERS = """
            length,width,species
            5.1,3.5,setosa
            4.9,3,setosa
            7,3.2,versicolor
            6.4,-3.2e0,versicolor
            6.3,3.3,virginica
            """;

    @TempDir
    Path folder;

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    /** The table of a file that is also its own test file, so that the test part is all rows in order. */
    private TableData load(String text, String options) throws IOException {
        Path file = write("a.csv", text);
        return (TableData) DataSpec.load("csv:" + file + ",test=" + file + options);
    }

    private String refused(String text, String options) throws IOException {
        Path file = write("bad.csv", text);
        String message = assertThrows(MalformedFileException.class, () -> DataSpec.load("csv:" + file + options))
                .getMessage();
        assertEquals(1, message.lines().count());
        assertTrue(message.startsWith(file.toString()), message);
        return message.substring(file.toString().length() + 2);
    }

    private String usage(String spec) {
        String message = assertThrows(IllegalArgumentException.class, () -> DataSpec.load(spec))
                .getMessage();
        assertEquals(1, message.lines().count());
        return message;
    }

    @Test
    void aTableWithAHeader() throws IOException {
        TableData data = load(FLOWERS, "");
        assertEquals(List.of("setosa", "versicolor", "virginica"), data.classNames());
        assertArrayEquals(new long[] {2}, data.sampleShape());
        Samples test = data.testSamples(Normalization.NONE);
        assertArrayEquals(new float[] {5.1f, 3.5f, 4.9f, 3, 7, 3.2f, 6.4f, -3.2f, 6.3f, 3.3f}, test.features());
        assertArrayEquals(new int[] {0, 0, 1, 1, 2}, test.labels());
        assertEquals(3, test.classes());
        assertEquals("csv:a.csv,test=a.csv", data.name());
        assertEquals(5, data.trainCount());
    }

    @Test
    void theTrainingRowsHaveTheOrderOfTheSeed() throws IOException {
        StringBuilder sorted = new StringBuilder();
        for (int row = 0; row < 60; row++) {
            sorted.append(row).append(',').append(row / 30).append('\n');
        }
        TableData data = load(sorted.toString(), "");
        float[] order = data.train().values();
        assertNotEquals(0, order[0] + order[1], "not the order of the file");
        Set<Integer> validation = new HashSet<>();
        for (int label : data.validationSamples(Normalization.NONE).labels()) {
            validation.add(label);
        }
        assertEquals(Set.of(0, 1), validation, "of a file that is sorted by class");
        assertEquals(10, data.validationSamples(Normalization.NONE).count());
        assertArrayEquals(
                Arrays.copyOfRange(order, 50, 60), data.validation().values(), "the end of the training rows");
        assertThrows(IllegalArgumentException.class, () -> data.train().last(61));
    }

    @Test
    void aPartOfTheRowsIsHeldOut() throws IOException {
        StringBuilder text = new StringBuilder("x,y\n");
        for (int row = 0; row < 50; row++) {
            text.append(row).append(',').append(row % 2).append('\n');
        }
        Path file = write("rows.csv", text.toString());
        TableData data = (TableData) DataSpec.load("csv:" + file);
        assertEquals(40, data.trainCount());
        assertEquals(10, data.testCount());
        Set<Float> all = new TreeSet<>();
        for (float value : data.train().values()) {
            assertTrue(all.add(value));
        }
        float before = -1;
        for (float value : data.test().values()) {
            assertTrue(value > before, "test rows in the order of the file");
            assertTrue(all.add(value), "no row is in both parts");
            before = value;
        }
        assertEquals(50, all.size());
        for (int row = 0; row < 40; row++) {
            assertEquals((int) data.train().values()[row] % 2, data.train().labels()[row], "labels go with their rows");
        }
        assertEquals(
                data.trainSha256(),
                DataSpec.load("csv:" + file + ",seed=0,holdout=0.2").trainSha256());
        DataSet other = DataSpec.load("csv:" + file + ",seed=-7");
        assertNotEquals(data.testSha256(), other.testSha256());
        assertEquals("csv:rows.csv,seed=-7", other.name());
        assertEquals(25, DataSpec.load("csv:" + file + ",holdout=0.5").testCount());
        assertEquals(1, DataSpec.load("csv:" + file + ",holdout=0.001").testCount(), "one at least");
        assertEquals(1, DataSpec.load("csv:" + file + ",holdout=0.999").trainCount(), "one is left");
        for (String bad : List.of("0", "1", "-0.1", "1e", "NaN", "1.5")) {
            assertTrue(usage("csv:" + file + ",holdout=" + bad).contains("holdout=" + bad));
        }
        assertTrue(usage("csv:" + file + ",seed=x").contains("seed=x"));
        assertTrue(usage("csv:" + file + ",holdout=0.3,test=" + file).contains("holdout=0.3"));
    }

    @Test
    void separatorsQuotesMarksAndLineEndsAreUnderstood() throws IOException {
        String plain = load(FLOWERS, "").testSha256();
        assertEquals(plain, load(FLOWERS.replace(',', ';'), "").testSha256());
        assertEquals(plain, load(FLOWERS.replace(',', '\t'), "").testSha256());
        assertEquals(plain, load(FLOWERS.replace(",", " , "), "").testSha256());
        assertEquals(plain, load(FLOWERS.replace("\n", "\r\n"), "").testSha256());
        assertEquals(plain, load("\uFEFF" + FLOWERS, "").testSha256());
        assertEquals(plain, load("\n" + FLOWERS.replace("\n", "\n\n"), "").testSha256());
        assertEquals(plain, load(FLOWERS.strip(), "").testSha256());
        assertEquals(
                plain, load(FLOWERS.replaceAll("([a-z]{2,})", "\"$1\""), "").testSha256());
        String quoted =
                FLOWERS.replace("versicolor", "\"versi, \"\"color\"\"\nof\"").replace("5.1", "\"5.1\"");
        TableData data = load(quoted, "");
        assertEquals(List.of("setosa", "versi, \"color\"\nof", "virginica"), data.classNames());
        assertEquals(plain, data.testSha256(), "names are no part of the hash");
        assertEquals(
                plain, load(FLOWERS.replace(',', ';'), ",separator=semicolon").testSha256());
        assertTrue(refused(FLOWERS, ",separator=tab").contains("found 1 column,"));
        assertTrue(usage("csv:" + folder.resolve("a.csv") + ",separator=|").contains("auto, comma, semicolon, tab"));
        // as many decimal commas as semicolons: the semicolon separates, and the comma is named
        assertTrue(refused("5,1;3,5;a\n", "")
                .contains("line 1, column 1: found '5,1', expected a number with a decimal point"));
    }

    @Test
    void headersAreFoundOrSaid() throws IOException {
        String rows = FLOWERS.substring(FLOWERS.indexOf('\n') + 1);
        assertEquals(load(FLOWERS, "").testSha256(), load(rows, "").testSha256());
        assertEquals(
                load(FLOWERS, "").testSha256(),
                load("0,1,label\n" + rows, ",header=yes").testSha256());
        assertEquals(4, load(rows, ",header=yes").testCount());
        assertTrue(refused(FLOWERS, ",header=no").contains("line 1, column 1: found 'length', expected a number"));
        assertTrue(usage("csv:" + folder.resolve("a.csv") + ",header=1").contains("auto, yes, no"));
    }

    @Test
    void theLabelColumnIsTheNamedOneOrTheLast() throws IOException {
        String text = "y,a,b\n0,1,2\n1,3,4\n";
        assertArrayEquals(new float[] {1, 2, 3, 4}, load(text, "").test().values());
        assertArrayEquals(
                new float[] {0, 1, 1, 3}, load(text, ",label=b").test().values());
        assertArrayEquals(
                new float[] {0, 1, 1, 3}, load(text, ",label=3").test().values());
        assertArrayEquals(
                new float[] {0, 1, 1, 3}, load(text, ",label=-1").test().values());
        assertArrayEquals(new float[] {1, 3}, load(text, ",drop=b").test().values());
        assertArrayEquals(
                new float[] {2, 4}, load(text, ",label=1,drop=2").test().values());
        // two columns are called as labels are: the last
        assertArrayEquals(
                new float[] {0, 1, 1, 3},
                load(text.replace("b", "class"), "").test().values());
        assertArrayEquals(
                new float[] {1, 2, 3, 4}, load(text, ",label=y").test().values());
        assertArrayEquals(
                new float[] {1, 3},
                load("id,a,n,LABEL\n9,1,x,0\n8,3,y,1\n", ",drop=id+n").test().values());
        Path file = folder.resolve("a.csv");
        Files.writeString(file, text);
        assertTrue(usage("csv:" + file + ",label=z").contains("a number from 1 to 3, or one of the names y, a, b"));
        for (String bad : List.of("label=0", "label=4", "label=-4", "drop=y+a,label=a", "drop=c")) {
            usage("csv:" + file + "," + bad);
        }
        Files.writeString(file, text.replace("b", "a"));
        assertTrue(usage("csv:" + file + ",label=a").contains("several of the name 'a'"));
        assertTrue(refused(text, ",drop=a+b").contains("a column of labels and one of features"));
    }

    @Test
    void classesAreNumberedInTheirOrder() throws IOException {
        assertEquals(
                List.of("-1", "2", "10"), load("1,10\n2,2\n3,-1\n4,10.0\n", "").classNames());
        assertArrayEquals(
                new int[] {2, 1, 0, 2},
                load("1,10\n2,2\n3,-1\n4,10.0\n", "").test().labels());
        assertEquals(List.of("10", "2", "a"), load("1,10\n2,2\n3,a\n", "").classNames());
        assertEquals(
                List.of("B", "a", "\u00e9"), load("1,\u00e9\n2,B\n3,a\n", "").classNames());
        assertTrue(
                refused("1,0\n2,1\n3,0.25\n", "").contains("line 3, column 2: found the label 0.25, expected classes"));
        assertTrue(refused("1,a\n2,a\n", "").contains("column 2: found the one label 'a', expected two classes"));
        StringBuilder many = new StringBuilder();
        for (int row = 0; row <= ClassNames.MAX_CLASSES; row++) {
            many.append("0,").append(row).append('\n');
        }
        assertTrue(
                refused(many.toString(), "").contains("line 65537, column 2: found more than 65536 different labels"));
    }

    @Test
    void aTestFileHasTheColumnsAndClassesOfTheTrainingFile() throws IOException {
        Path train = write("train.csv", FLOWERS);
        Path test = write("test.csv", "length,width,species\n1,2,virginica\n");
        TableData data = (TableData) DataSpec.load("csv:" + train + ",test=" + test + ",label=species");
        assertEquals("csv:train.csv,test=test.csv,label=species", data.name());
        assertArrayEquals(new int[] {2}, data.test().labels(), "classes are those of the training file");
        assertEquals(5, data.trainCount());
        String spec = "csv:" + train + ",test=" + test;
        for (List<String> bad : List.of(
                List.of(
                        "width,length,species\n1,2,setosa\n",
                        "line 1: found the columns width, length, species, expected"),
                List.of("1,2,daisy\n", "line 1, column 3 'species': found the label 'daisy', expected a class of the"),
                List.of("1,2\n", "line 1: found 2 columns, expected 3 as in the training file"),
                List.of("length,width,species\n", "line 1: found no rows"),
                List.of("", "found no rows"))) {
            Files.writeString(test, bad.get(0));
            String message = assertThrows(MalformedFileException.class, () -> DataSpec.load(spec))
                    .getMessage();
            assertTrue(
                    message.startsWith(test + ": " + bad.get(1).substring(0, 4))
                            || bad.get(0).isEmpty(),
                    message);
            assertTrue(message.contains(bad.get(1)), message);
        }
        Files.delete(test);
        assertThrows(NoSuchFileException.class, () -> DataSpec.load(spec));
        assertThrows(NoSuchFileException.class, () -> DataSpec.load("csv:" + folder.resolve("none.csv")));
    }

    @Test
    void everyCellThatIsNoNumberIsNamed() throws IOException {
        for (String bad :
                List.of("NA", "nan", "NaN", "inf", "Infinity", "0x10", "1f", "1.5d", "1 2", "--1", "1e", ".", "-")) {
            String message = refused("a,b,y\n1,2,0\n3," + bad + ",1\n", "");
            assertTrue(message.startsWith("line 3, column 2 'b': found '" + bad + "', expected a number"), message);
        }
        assertTrue(refused("a,b,y\n1,,0\n", "").startsWith("line 2, column 2 'b': found nothing, expected a number"));
        assertTrue(refused("a,b,y\n1,2,\n", "").startsWith("line 2, column 3 'y': found nothing, expected the label"));
        assertTrue(refused("a,b,y\n1,1e39,0\n", "").contains("a number that float32 can hold"));
        assertTrue(refused("a,b,y\n1,1e999,0\n", "").contains("found '1e999'"));
        assertTrue(refused("a,b,y\n1,2,0\n1,2,3,0\n", "")
                .startsWith("line 3: found 4 columns, expected 3 as in the first"));
        assertTrue(refused("a,b,y\n1,2,0\n1,2\n", "").startsWith("line 3: found 2 columns"));
        assertTrue(refused("a,b,y\n", "").contains("found no rows"));
        assertTrue(refused("", "").startsWith("line 1: found no rows"));
        assertTrue(refused("\n\n\n", "").contains("found no rows"));
        assertTrue(refused("1\n2\n", "").startsWith("line 1: found 1 column,"));
        assertTrue(refused("1,0\n", "").contains("found the one label"));
        assertTrue(refused("a,y\n\"1,0\n2,1\n", "").startsWith("text: found a broken row"));
        assertTrue(refused("a,y\n\"1\"x,0\n", "").startsWith("text: found a broken row"));
        String wide = "1," + "z".repeat(5000) + ",0\n";
        assertTrue(refused(wide, "").length() < 300, "a long cell is cut");
    }

    @Test
    void bytesThatAreNoTextAndRowsWithoutEndAreRefused() throws IOException {
        Path file = folder.resolve("latin.csv");
        Files.write(file, "1,caf\u00e9\n2,b\n".getBytes(StandardCharsets.ISO_8859_1));
        String message = assertThrows(MalformedFileException.class, () -> DataSpec.load("csv:" + file))
                .getMessage();
        assertTrue(message.contains("found bytes that are not UTF-8"), message);
        Files.write(file, FLOWERS.getBytes(StandardCharsets.UTF_16LE));
        assertThrows(MalformedFileException.class, () -> DataSpec.load("csv:" + file));
        try (Writer out = Files.newBufferedWriter(file)) {
            out.write("a,y\n\"");
            String piece = "1,0\n".repeat(1 << 14);
            for (int written = 0; written <= CsvSource.LONGEST_RECORD; written += piece.length()) {
                out.write(piece);
            }
        }
        message = assertThrows(MalformedFileException.class, () -> DataSpec.load("csv:" + file + ",separator=comma"))
                .getMessage();
        assertTrue(message.contains("is a quote left open?"), message);
    }

    @Test
    void truncationNeverEndsInAnotherError() throws IOException {
        byte[] whole = FLOWERS.getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("cut.csv");
        int read = 0;
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            try {
                read += DataSpec.load("csv:" + file).trainCount() > 0 ? 1 : 0;
            } catch (MalformedFileException e) {
                assertEquals(1, String.valueOf(e.getMessage()).lines().count());
            }
        }
        assertTrue(read > 0, "a file that ends after a row is a shorter one");
    }

    @Test
    void rowsMayBeImages() throws IOException {
        TableData data = load("0,1,2,3,a\n4,5,6,8,b\n", ",shape=1x2x2");
        assertArrayEquals(new long[] {1, 2, 2}, data.sampleShape());
        assertEquals(4, data.testSamples(Normalization.CHANNEL).width());
        for (String bad : List.of("2x3", "0x4", "1x2x2x", "x", "4294967296x1", "65536x65536", "1x1x1x1x1x1x1x2x2")) {
            assertTrue(usage("csv:" + folder.resolve("a.csv") + ",shape=" + bad).contains("shape=" + bad));
        }
        assertTrue(assertThrows(
                        IllegalArgumentException.class, () -> load(FLOWERS, "").trainSamples(Normalization.CHANNEL))
                .getMessage()
                .contains("'feature' normalises each column"));
    }

    @Test
    void optionsAreChecked() throws IOException {
        Path file = write("a,b=.csv", FLOWERS);
        // a comma that no option follows belongs to the name
        assertEquals(4, DataSpec.load("csv:" + write("a,b.csv", FLOWERS)).trainCount());
        assertTrue(usage("csv:" + file).contains("unknown option 'b'; known: test, holdout, seed, label"));
        assertTrue(usage("csv:x,lable=y").contains("unknown option 'lable'"));
        assertTrue(usage("csv:x,label=").contains("'label' has no value"));
        assertTrue(usage("csv:x,label=1,label=2").contains("given twice"));
        assertTrue(usage("csv:,label=1").contains("names no file"));
        assertTrue(usage("csv:").contains("unknown data set 'csv:'"));
        assertTrue(usage("csv").contains("csv:FILE"));
        assertTrue(usage("cifar100:x").contains("cifar10:DIR"));
        assertTrue(usage("csv:a\0b").contains("is no file name"));
    }
}
