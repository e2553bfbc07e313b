package io.detinit.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The choice of devices alone: no GPU takes part. */
class DeviceChoiceTest {

    @Test
    void everyNameMeansItsDevices() {
        assertEquals(List.of(Device.cpu()), DeviceChoice.parse("auto").resolve(0));
        assertEquals(List.of(Device.gpu(0)), DeviceChoice.parse("auto").resolve(4));
        assertEquals(List.of(Device.cpu()), DeviceChoice.parse("cpu").resolve(4));
        assertEquals(List.of(Device.gpu(0)), DeviceChoice.parse("gpu").resolve(4));
        assertEquals(List.of(Device.gpu(2)), DeviceChoice.parse("gpu:2").resolve(4));
        assertEquals(
                List.of(Device.gpu(1), Device.gpu(0)),
                DeviceChoice.parse("gpu:1,0").resolve(2));
        for (String name : List.of("auto", "cpu", "gpu", "gpu:1", "gpu:0,1", "gpu:3,0,2")) {
            assertEquals(name, DeviceChoice.parse(name).id());
        }
    }

    @Test
    void whatIsNotThereIsNamedWithWhatToDo() {
        String none = assertThrows(
                        IllegalArgumentException.class,
                        () -> DeviceChoice.parse("gpu").resolve(0))
                .getMessage();
        assertTrue(none.contains("DETINIT_GPU=1") && none.contains("--device cpu"), none);
        String few = assertThrows(
                        IllegalArgumentException.class,
                        () -> DeviceChoice.parse("gpu:0,2").resolve(2))
                .getMessage();
        assertTrue(few.contains("--device gpu:0,2") && few.contains("GPUs 0 to 1 only"), few);
        for (String wrong : List.of("tpu", "", "gpu:", "gpu:a", "gpu:0,", "gpu:-1", "gpu:1,1", "gpu0", "cpu:0")) {
            assertThrows(IllegalArgumentException.class, () -> DeviceChoice.parse(wrong), wrong);
        }
    }
}
