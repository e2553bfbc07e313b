package io.detinit.interop.export;

import static io.detinit.interop.export.Exported.floats;

import ai.djl.basicmodelzoo.basic.Mlp;
import ai.djl.basicmodelzoo.cv.classification.AlexNet;
import ai.djl.basicmodelzoo.cv.classification.GoogLeNet;
import ai.djl.basicmodelzoo.cv.classification.LeNet;
import ai.djl.basicmodelzoo.cv.classification.MobileNetV1;
import ai.djl.basicmodelzoo.cv.classification.MobileNetV2;
import ai.djl.basicmodelzoo.cv.classification.NiN;
import ai.djl.basicmodelzoo.cv.classification.ResNetV1;
import ai.djl.basicmodelzoo.cv.classification.SqueezeNet;
import ai.djl.basicmodelzoo.cv.classification.VGG;
import ai.djl.basicmodelzoo.cv.object_detection.ssd.SingleShotDetection;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The Blocks of DJL's basic model zoo, as narrow as their builders allow, each on three input shapes. */
class ZooExportTest {

    private static DynamicTest of(String name, Function<Shape, Block> block, long[]... samples) {
        return DynamicTest.dynamicTest(name, () -> {
            for (long[] sample : samples) {
                Block built = block.apply(new Shape(sample));
                List<ModelInput> inputs = List.of(floats(sample));
                try (NDManager manager = NDManager.newBaseManager()) {
                    Exported.initialised(built, manager, Exported.shapes(inputs, 2));
                    byte[] model = OnnxExporter.export(built, inputs, ExportOptions.of(Exported.paths(built)));
                    Exported.assertSameOutputs(built, model, inputs, 2, Exported.TOLERANCE);
                }
            }
        });
    }

    private static long[] image(long channels, long size) {
        return new long[] {channels, size, size};
    }

    private static Block resnet(Shape image, int layers) {
        return ResNetV1.builder()
                .setImageShape(image)
                .setNumLayers(layers)
                .setOutSize(5)
                .build();
    }

    private static Block mobileNetV2() {
        int[] filters = {4, 4, 6, 6, 8, 8, 10, 12, 16};
        int[] repeats = {1, 1, 2, 2, 1, 2, 1, 1, 1};
        return MobileNetV2.builder()
                .setOutSize(5)
                .optFilters(filters)
                .optRepeatTimes(repeats)
                .build();
    }

    private static Block ssd() {
        List<Float> sizes = List.of(0.2f, 0.3f);
        List<Float> ratios = List.of(1f, 2f, 0.5f);
        return SingleShotDetection.builder()
                .setNumClasses(2)
                .setNumFeatures(2)
                .optGlobalPool(true)
                .setRatios(Collections.nCopies(4, ratios))
                .setSizes(Collections.nCopies(4, sizes))
                .setBaseNetwork(SingleShotDetection.getDownSamplingBlock(8))
                .build();
    }

    private static int[] narrow(int count) {
        int[] widths = new int[count];
        Arrays.setAll(widths, k -> 4 + k);
        return widths;
    }

    @TestFactory
    Stream<DynamicTest> everyZooBlockComputesWhatDjlComputes() {
        int[][] vgg = {{1, 4}, {1, 4}, {2, 6}, {2, 6}, {2, 8}};
        return Stream.of(
                of("Mlp", s -> new Mlp((int) s.size(), 4, new int[] {7, 5}), new long[] {6}, image(1, 4), new long[] {
                    3, 5
                }),
                of("LeNet", s -> LeNet.builder().build(), image(1, 28), image(3, 32), image(1, 20)),
                of("ResNetV1, 8 layers", s -> resnet(s, 8), image(1, 28), image(3, 28), image(3, 24)),
                of("ResNetV1, 18 layers", s -> resnet(s, 18), image(3, 32)),
                of("MobileNetV1", s -> MobileNetV1.builder().setOutSize(5).build(), image(3, 32)),
                of("MobileNetV2", s -> mobileNetV2(), image(3, 32), image(1, 40), image(3, 64)),
                of("SqueezeNet", s -> SqueezeNet.squeezenet(5), image(3, 32), image(1, 40), image(3, 47)),
                of("VGG", s -> VGG.builder().setConvArch(vgg).build(), image(3, 32), image(1, 40), image(3, 64)),
                of("GoogLeNet", s -> GoogLeNet.builder().build(), image(3, 32), image(1, 40), image(3, 64)),
                of(
                        "AlexNet",
                        s -> AlexNet.builder().setNumChannels(narrow(7)).build(),
                        image(3, 67),
                        image(1, 96),
                        image(3, 80)),
                of("NiN", s -> NiN.builder().setNumChannels(narrow(4)).build(), image(3, 67), image(1, 80)),
                of("SingleShotDetection", s -> ssd(), image(3, 32), image(3, 48), image(1, 64)));
    }
}
