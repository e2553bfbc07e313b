package io.detinit.interop.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import io.detinit.interop.tensor.TensorView;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Views of parameters that live in the engine. */
class LiveTensorsTest {

    private static Parameter parameter(NDArray array) {
        Parameter parameter =
                Parameter.builder().setName("w").setType(Parameter.Type.WEIGHT).build();
        parameter.setArray(array);
        return parameter;
    }

    private static float[] read(TensorView view, int from, int count) throws IOException {
        float[] values = new float[count];
        view.readFloats(from, values, 0, count);
        return values;
    }

    private interface Opening {
        DjlTensors.Live of(Map<String, Parameter> parameters);
    }

    private static void viewsFollowTheParameters(Opening opening, boolean direct) throws IOException {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            NDArray a = manager.arange(12f).reshape(3, 4);
            NDArray turned = manager.arange(6f).reshape(2, 3).transpose();
            NDArray half = manager.create(new float[] {1.5f, -2}).toType(DataType.FLOAT16, true);
            a.setRequiresGradient(true);
            Map<String, Parameter> parameters = new LinkedHashMap<>();
            parameters.put("a", parameter(a));
            parameters.put("turned", parameter(turned));
            parameters.put("half", parameter(half));
            int arrays = manager.getManagedArrays().size();
            try (DjlTensors.Live live = opening.of(parameters)) {
                TensorView first = live.tensors().get(0);
                assertArrayEquals(new float[] {2, 3, 4}, read(first, 2, 3));
                assertArrayEquals(
                        new float[] {0, 3, 1, 4, 2, 5}, read(live.tensors().get(1), 0, 6));
                assertArrayEquals(new float[] {1.5f, -2}, read(live.tensors().get(2), 0, 2));
                a.muli(2);
                assertArrayEquals(
                        new float[] {0, 2, 22},
                        new float[] {read(first, 0, 1)[0], read(first, 1, 1)[0], read(first, 11, 1)[0]});
                assertEquals(direct, first.view(0, 8).isDirect());
                assertEquals(arrays + 1, manager.getManagedArrays().size(), "one at a time");
                assertThrows(IndexOutOfBoundsException.class, () -> read(first, 10, 3));
            }
            assertEquals(arrays, manager.getManagedArrays().size());
            DjlTensors.of(parameters);
            assertEquals(arrays, manager.getManagedArrays().size());
        }
    }

    @Test
    void parametersOnTheCpuAreReadWhereTheyLie() throws IOException {
        viewsFollowTheParameters(DjlTensors::live, true);
    }

    @Test
    void parametersElsewhereAreCopiedOneAtATime() throws IOException {
        viewsFollowTheParameters(DjlTensors::copied, false);
    }

    @Test
    void closedViewsSayThatTheyAreClosed() {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
            Map<String, Parameter> parameters = Map.of("a", parameter(manager.zeros(new Shape(2))));
            DjlTensors.Live live = DjlTensors.live(parameters);
            live.close();
            TensorView view = live.tensors().get(0);
            assertThrows(IllegalStateException.class, () -> read(view, 0, 1));
        }
    }
}
