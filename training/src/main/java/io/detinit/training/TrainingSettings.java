package io.detinit.training;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.training.optimizer.OptimizerConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What makes one training another, as JSON: for run cards, and to refuse a checkpoint of another training. */
final class TrainingSettings {

    private static final int CHUNK = 1 << 16;

    private TrainingSettings() {}

    /** Everything but the epochs. */
    static ObjectNode of(TrainConfig config) {
        ObjectNode how = JsonNodeFactory.instance.objectNode();
        how.put("batch", config.batch());
        OptimizerConfig optimizer = config.optimizer();
        how.put("optimizer", optimizer.kind().id());
        how.put("learningRate", optimizer.learningRate());
        how.put("schedule", config.schedule().id());
        how.put("warmupSteps", config.schedule().warmupSteps());
        how.put("momentum", optimizer.momentum());
        how.put("nesterov", optimizer.nesterov());
        how.put("weightDecay", optimizer.weightDecay());
        how.put("beta1", optimizer.beta1());
        how.put("beta2", optimizer.beta2());
        how.put("epsilon", optimizer.epsilon());
        if (config.clipNorm() < Double.POSITIVE_INFINITY) {
            how.put("clipNorm", config.clipNorm());
        }
        how.put("labelSmoothing", config.labelSmoothing());
        how.put("validation", config.validation());
        how.put("patience", config.earlyStopping().patience());
        how.put("minDelta", config.earlyStopping().minDelta());
        return how;
    }

    /** What may differ between two machines without being another training; the last bits may then differ. */
    static ObjectNode environment(TrainConfig config) {
        Engine engine = Engine.getEngine("PyTorch");
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("device", config.device().id());
        node.put("threads", threads());
        node.put("pytorch", engine.getVersion());
        return node;
    }

    /** How many threads libtorch computes with. */
    static int threads() {
        return JniUtils.getNumThreads();
    }

    /** The fields in which two objects differ, each with both values: {@code batch 128, not 64}. */
    static List<String> differences(JsonNode recorded, JsonNode asked) {
        Set<String> fields = new LinkedHashSet<>();
        asked.fieldNames().forEachRemaining(fields::add);
        recorded.fieldNames().forEachRemaining(fields::add);
        List<String> differences = new ArrayList<>();
        for (String field : fields) {
            JsonNode before = recorded.path(field);
            JsonNode now = asked.path(field);
            if (!text(before).equals(text(now))) {
                differences.add(field + " " + text(before) + ", not " + text(now));
            }
        }
        return differences;
    }

    private static String text(JsonNode value) {
        if (value.isMissingNode()) {
            return "absent";
        }
        String text = value.isValueNode() ? value.asText() : value.toString();
        return text.isEmpty() ? "empty" : text;
    }

    /** The SHA-256 of samples: counts, features and labels, all little-endian. */
    static String sha256(Samples samples) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer bytes = ByteBuffer.allocate(4 * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putInt(samples.count()).putInt(samples.width()).putInt(samples.classes());
            digest.update(bytes.array(), 0, bytes.position());
            for (int from = 0; from < samples.features().length; from += CHUNK) {
                int length = Math.min(CHUNK, samples.features().length - from);
                bytes.clear().asFloatBuffer().put(samples.features(), from, length);
                digest.update(bytes.array(), 0, 4 * length);
            }
            for (int from = 0; from < samples.count(); from += CHUNK) {
                int length = Math.min(CHUNK, samples.count() - from);
                bytes.clear().asIntBuffer().put(samples.labels(), from, length);
                digest.update(bytes.array(), 0, 4 * length);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
