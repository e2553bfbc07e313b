package io.detinit.training;

import io.detinit.interop.audit.Threshold;
import io.detinit.training.timeline.AuditSchedule;
import io.detinit.training.timeline.Timeline;
import io.detinit.training.timeline.TimelinePoint;
import io.detinit.training.timeline.TimelineWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A training in a JVM of its own, which says every step and takes its time, so that it can be killed. */
final class KilledTraining {

    private KilledTraining() {}

    static Process start(Path folder, SmallTraining training, int epochs, boolean resume) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dai.djl.pytorch.num_threads=" + TrainingSettings.threads(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledTraining.class.getName(),
                        folder.toString(),
                        training.name(),
                        String.valueOf(epochs),
                        String.valueOf(resume))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Arguments: folder, training, epochs, whether to resume. */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        SmallTraining training = SmallTraining.valueOf(args[1]);
        TrainConfig config = training.config(Integer.parseInt(args[2])).build();
        Path file = folder.resolve(TrainingState.FILE);
        Path growing = folder.resolve(Timeline.FILE);
        TrainingLoop loop = training.loop(config).checkpoint(file).listener(new Steps());
        AuditSchedule schedule = AuditSchedule.steps(5, Threshold.DEFAULT);
        if (!Boolean.parseBoolean(args[3])) {
            try (TimelineWriter writer = TimelineWriter.open(growing)) {
                loop.audit(schedule, writer).train().close();
            }
            return;
        }
        try (TrainingState state = TrainingState.open(file)) {
            Timeline before = Timeline.read(growing);
            List<TimelinePoint> points = state.pointsOf(before, config);
            try (TimelineWriter writer = TimelineWriter.resume(growing, new Timeline(before.header(), points))) {
                loop.resume(state, points).audit(schedule, writer).train().close();
            }
        }
    }

    private static final class Steps implements TrainingListener {
        @Override
        public void onStep(int epoch, int epochs, int step, int steps) {
            System.out.println("step " + step + " of epoch " + epoch);
            System.out.flush();
            try {
                TimeUnit.MILLISECONDS.sleep(2);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
