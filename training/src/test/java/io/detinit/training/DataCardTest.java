package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.FeatureScaling;
import io.detinit.training.data.ImageData;
import io.detinit.training.data.ImageSet;
import io.detinit.training.data.Normalization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the run card says of the data: enough to make the features again. */
class DataCardTest {

    @TempDir
    Path folder;

    private static ObjectNode card(DataSet data, Normalization normalization) {
        ObjectNode node = new JsonMapper().createObjectNode();
        DataCard.put(node, data, normalization);
        return node;
    }

    private static ImageData images() {
        byte[] pixels = new byte[20 * 48];
        new Random(4).nextBytes(pixels);
        ImageSet set = new ImageSet(3, 4, 4, 2, pixels, new int[20]);
        return new ImageData("random", set, set);
    }

    @Test
    void fewNumbersStandInTheCardAndMakeTheFeaturesAgain() {
        ImageData data = images();
        for (Normalization normalization : new Normalization[] {Normalization.MEANSTD, Normalization.CHANNEL}) {
            JsonNode card = card(data, normalization);
            assertEquals(normalization.id(), card.path("normalize").asText());
            int runs = card.path("mean").size();
            assertEquals(normalization == Normalization.CHANNEL ? 3 : 1, runs);
            float[] features = data.trainSamples(normalization).features();
            for (int k = 0; k < features.length; k++) {
                int run = k % 48 / (48 / runs);
                double raw =
                        (data.train().pixels()[k] & 0xFF) / card.path("divisor").asDouble();
                double mean = card.path("mean").path(run).asDouble();
                double std = card.path("std").path(run).asDouble();
                assertEquals((float) ((raw - mean) / std), features[k]);
            }
        }
        assertFalse(card(data, Normalization.NONE).has("mean"));
        assertEquals(255, card(data, Normalization.NONE).path("divisor").asInt());
    }

    @Test
    void manyNumbersAreHashed() {
        JsonNode card = card(images(), Normalization.FEATURE);
        assertFalse(card.has("mean"));
        assertEquals(48, card.path("statistics").asInt());
        FeatureScaling scaling = images().scaling(Normalization.FEATURE);
        assertEquals(scaling.sha256(), card.path("meanStdSha256").asText());
        assertTrue(scaling.sha256().matches("[0-9a-f]{64}"));
    }

    @Test
    void aTableIsNamedWithItsOptionsAndClasses() throws IOException {
        Path file = Files.writeString(folder.resolve("t.csv"), "a,b,kind\n1,2,x\n3,4,y\n5,7,x\n1,1,y\n0,0,x\n");
        JsonNode card = card(DataSpec.load("csv:" + file + ",seed=3"), Normalization.FEATURE);
        assertEquals("csv:t.csv,seed=3", card.path("name").asText());
        assertEquals("[2]", card.path("sampleShape").toString());
        assertEquals("[\"x\",\"y\"]", card.path("classNames").toString());
        assertEquals(2, card.path("classes").asInt());
        assertEquals(4, card.path("train").asInt());
        assertEquals(1, card.path("test").asInt());
        assertEquals(1, card.path("divisor").asInt());
        assertEquals(2, card.path("mean").size());
        assertEquals(64, card.path("trainSha256").asText().length());
    }
}
