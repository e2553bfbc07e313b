package io.detinit.training;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.detinit.training.data.DataSet;
import io.detinit.training.data.FeatureScaling;
import io.detinit.training.data.Normalization;

/** The data section of a run card: what was trained on, its hashes, and how raw values became features. */
final class DataCard {

    /** More numbers than this are given by their hash. */
    private static final int MAX_NUMBERS = 16;

    /** More names than this are left out. */
    private static final int MAX_NAMES = 1000;

    private DataCard() {}

    static void put(ObjectNode node, DataSet data, Normalization normalization) {
        node.put("name", data.name());
        node.put("train", data.trainCount());
        node.put("test", data.testCount());
        ArrayNode shape = node.putArray("sampleShape");
        for (long axis : data.sampleShape()) {
            shape.add(axis);
        }
        node.put("classes", data.classes());
        if (data.classes() <= MAX_NAMES) {
            data.classNames().forEach(node.putArray("classNames")::add);
        }
        node.put("trainSha256", data.trainSha256());
        node.put("testSha256", data.testSha256());
        node.put("normalize", normalization.id());
        FeatureScaling scaling = data.scaling(normalization);
        node.put("divisor", scaling.divisor());
        if (scaling.mean().length == 0) {
            return;
        }
        node.put("statistics", scaling.mean().length);
        if (scaling.mean().length <= MAX_NUMBERS) {
            ArrayNode mean = node.putArray("mean");
            ArrayNode std = node.putArray("std");
            for (int k = 0; k < scaling.mean().length; k++) {
                mean.add(scaling.mean()[k]);
                std.add(scaling.std()[k]);
            }
        } else {
            node.put("meanStdSha256", scaling.sha256());
        }
    }
}
