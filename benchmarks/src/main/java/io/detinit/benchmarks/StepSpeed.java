package io.detinit.benchmarks;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.translate.TranslateException;
import io.detinit.models.ModelSpec;
import io.detinit.models.Seeding;
import io.detinit.training.DeviceChoice;
import io.detinit.training.EngineMemory;
import io.detinit.training.Samples;
import io.detinit.training.TrainConfig;
import io.detinit.training.TrainingRun;
import io.detinit.training.data.DataSpec;
import io.detinit.training.data.Normalization;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Steps of training with SGD on MNIST, side by side: this project's run, DJL's EasyTrain with ArrayDataset as its tutorials set it up, and
 * PyTorch's own loop where the environment variable DETINIT_ORACLE_PYTHON names a Python that has it. Each is a process of its own that
 * stays; they take turns of {@value #STEPS} steps, so that a slow spell of the machine meets all of them. Every process checks that its
 * loss fell.
 *
 * <p>Arguments: the folder of MNIST, how many turns, then models such as {@code mlp:784-300-100-10/128} (name, batch).
 */
public final class StepSpeed {

    private static final int STEPS = 400;
    private static final int WARM_TURNS = 4;
    private static final String PYTHON = "DETINIT_ORACLE_PYTHON";
    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private StepSpeed() {}

    /** Makes so many steps and returns the last loss. */
    @FunctionalInterface
    private interface Turn {
        double make() throws IOException, TranslateException;
    }

    /**
     * Measures.
     *
     * @param args as above
     * @throws Exception if a process fails
     */
    public static void main(String[] args) throws Exception {
        System.setProperty("OPT_OUT_TRACKING", "true");
        if (args[0].equals("--turns")) {
            turns(args[1], ModelSpec.parse(args[2]), Integer.parseInt(args[3]), args[4]);
            return;
        }
        for (String model : Arrays.asList(args).subList(2, args.length)) {
            String[] parts = model.split("/", -1);
            compare(args[0], Integer.parseInt(args[1]), parts[0], parts[1]);
        }
    }

    private static void compare(String mnist, int turns, String model, String batch) throws IOException {
        Map<String, Peer> peers = new LinkedHashMap<>();
        peers.put("this project", Peer.java("run", model, batch, mnist));
        peers.put("EasyTrain", Peer.java("easyTrain", model, batch, mnist));
        String python = System.getenv(PYTHON);
        if (python != null) {
            peers.put("PyTorch", Peer.python(python, model, batch, mnist));
        }
        Map<String, List<Double>> times = new LinkedHashMap<>();
        for (int turn = 0; turn < WARM_TURNS + turns; turn++) {
            for (Map.Entry<String, Peer> peer : peers.entrySet()) {
                double milliseconds = peer.getValue().turn();
                if (turn >= WARM_TURNS) {
                    times.computeIfAbsent(peer.getKey(), name -> new ArrayList<>())
                            .add(milliseconds / STEPS);
                }
            }
        }
        double ours = median(times.getOrDefault("this project", List.of()));
        OUT.printf(Locale.ROOT, "%s, batch %s, %d turns of %d steps%n", model, batch, turns, STEPS);
        times.forEach((name, values) -> OUT.printf(
                Locale.ROOT,
                "  %-14s median %.3f ms a step [%.3f, %.3f]  %.2f times as long%n",
                name,
                median(values),
                values.stream().mapToDouble(v -> v).min().orElse(0),
                values.stream().mapToDouble(v -> v).max().orElse(0),
                median(values) / ours));
        for (Peer peer : peers.values()) {
            peer.close();
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    /** A process that makes a turn for each line it gets, and says how many milliseconds it took. */
    private record Peer(Process process, Writer in, BufferedReader out) {

        static Peer java(String way, String model, String batch, String mnist) throws IOException {
            return start(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    StepSpeed.class.getName(),
                    "--turns",
                    way,
                    model,
                    batch,
                    mnist));
        }

        static Peer python(String python, String model, String batch, String mnist) throws IOException {
            Path script = Files.createTempFile("step-speed", ".py");
            try (var source = StepSpeed.class.getResourceAsStream("step_speed.py")) {
                Files.write(script, source.readAllBytes());
            }
            return start(List.of(python, script.toString(), model, batch, mnist, Integer.toString(STEPS)));
        }

        private static Peer start(List<String> command) throws IOException {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new Peer(
                    process,
                    process.outputWriter(StandardCharsets.UTF_8),
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
        }

        double turn() throws IOException {
            in.write("go\n");
            in.flush();
            String line = out.readLine();
            while (line != null && !line.startsWith("ms ")) {
                line = out.readLine();
            }
            if (line == null) {
                throw new IOException(
                        "a peer ended: " + process.info().commandLine().orElse(""));
            }
            return Double.parseDouble(line.substring(3));
        }

        void close() throws IOException {
            in.close();
            process.destroy();
        }
    }

    private static void turns(String way, ModelSpec model, int batch, String mnist) throws Exception {
        Samples train = DataSpec.load("mnist:" + mnist).trainSamples(Normalization.NONE);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if (way.equals("run")) {
            EngineMemory.keepFreed();
            TrainConfig config = TrainConfig.builder(model, 42)
                    .epochs(10_000)
                    .batch(batch)
                    .device(DeviceChoice.CPU)
                    .build();
            try (TrainingRun run = TrainingRun.begin(config, train, List.of())) {
                serve(in, () -> {
                    for (int step = 0; step < STEPS; step++) {
                        run.step();
                    }
                    return run.trainLoss();
                });
            }
        } else {
            easyTrain(in, model, batch, train);
        }
    }

    private static void serve(BufferedReader in, Turn turn) throws IOException, TranslateException {
        double first = Double.NaN;
        while (in.readLine() != null) {
            long start = System.nanoTime();
            double loss = turn.make();
            double milliseconds = (System.nanoTime() - start) * 1e-6;
            first = Double.isNaN(first) ? loss : first;
            if (!(loss <= first)) {
                throw new IllegalStateException("the loss rose from " + first + " to " + loss);
            }
            OUT.printf(Locale.ROOT, "ms %.6f%n", milliseconds);
        }
    }

    private static void easyTrain(BufferedReader in, ModelSpec spec, int batch, Samples samples)
            throws IOException, TranslateException {
        DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                .addEvaluator(new Accuracy())
                .addTrainingListeners(TrainingListener.Defaults.basic())
                .optDevices(new Device[] {Device.cpu()})
                .optOptimizer(Optimizer.sgd()
                        .setLearningRateTracker(Tracker.fixed(0.1f))
                        .build());
        try (Model model = Model.newInstance("peer", Device.cpu(), "PyTorch")) {
            model.setBlock(spec.newBlock());
            Seeding.bind(model.getBlock(), 42, spec.defaultRules());
            try (Trainer trainer = model.newTrainer(config);
                    NDManager manager = trainer.getManager().newSubManager()) {
                trainer.setMetrics(new Metrics());
                trainer.initialize(new Shape(batch).addAll(spec.sampleShape()));
                long[] labels = Arrays.stream(samples.labels()).asLongStream().toArray();
                ArrayDataset dataset = new ArrayDataset.Builder()
                        .setData(manager.create(
                                samples.features(), new Shape(samples.count()).addAll(spec.sampleShape())))
                        .optLabels(manager.create(labels))
                        .setSampling(batch, true)
                        .optLimit((long) STEPS * batch)
                        .build();
                serve(in, () -> {
                    EasyTrain.fit(trainer, 1, dataset, null);
                    return trainer.getTrainingResult().getTrainLoss();
                });
            }
        }
    }
}
