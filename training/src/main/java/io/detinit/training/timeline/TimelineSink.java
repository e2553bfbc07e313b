package io.detinit.training.timeline;

import java.io.IOException;

/** Receives a timeline while training goes on; called on the training thread. */
public interface TimelineSink {

    /** Keeps nothing; the listener itself does. */
    TimelineSink NONE = new TimelineSink() {
        @Override
        public void begin(Timeline.Header header) {}

        @Override
        public void point(TimelinePoint point) {}
    };

    /**
     * A timeline begins.
     *
     * @param header what holds for all its points
     * @throws IOException if it cannot be written
     */
    void begin(Timeline.Header header) throws IOException;

    /**
     * The parameters were audited.
     *
     * @param point what was found
     * @throws IOException if it cannot be written
     */
    void point(TimelinePoint point) throws IOException;
}
