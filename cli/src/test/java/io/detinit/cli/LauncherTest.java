package io.detinit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The class path that the launcher gives the JVM: a fake JDK prints its arguments. No GPU takes part. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

    private static final List<String> JARS =
            List.of("a.jar", "pytorch-engine-1.jar", "pytorch-jni-1.jar", "pytorch-native-cpu-1-linux-x86_64.jar");

    @TempDir
    Path folder;

    @BeforeEach
    void distribution() throws IOException {
        Path bin = Files.createDirectories(folder.resolve("a home").resolve("bin"));
        Files.copy(Path.of("src/main/dist/bin/detinit"), bin.resolve("detinit"));
        Path lib = Files.createDirectory(folder.resolve("a home").resolve("lib"));
        for (String jar : JARS) {
            Files.createFile(lib.resolve(jar));
        }
        Path jdk = Files.createDirectories(folder.resolve("jdk").resolve("bin"));
        Files.writeString(jdk.resolveSibling("release"), "JAVA_VERSION=\"17.0.1\"\n");
        Path java = Files.writeString(jdk.resolve("java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private List<String> arguments(Map<String, String> environment) throws IOException, InterruptedException {
        Path launcher = folder.resolve("a home").resolve("bin").resolve("detinit");
        ProcessBuilder builder = new ProcessBuilder("sh", launcher.toString(), "train", "--data", "two words");
        builder.environment().remove("DETINIT_GPU");
        builder.environment().remove("DETINIT_OPTS");
        builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output.lines().toList();
    }

    private static String classPath(List<String> arguments) {
        return arguments.get(arguments.indexOf("-cp") + 1);
    }

    @Test
    void everyJarIsOnTheClassPath() throws IOException, InterruptedException {
        List<String> arguments = arguments(Map.of());
        assertTrue(classPath(arguments).endsWith("/a home/lib/*"), arguments.toString());
        assertEquals(List.of(Main.class.getName(), "train", "--data", "two words"), arguments.subList(2, 6));
        assertEquals(arguments, arguments(Map.of("DETINIT_GPU", "0")));
        assertEquals(arguments, arguments(Map.of("DETINIT_GPU", "")));
    }

    @Test
    void aGpuMachineGetsAllButTheCpuNatives() throws IOException, InterruptedException {
        List<String> arguments = arguments(Map.of("DETINIT_GPU", "1", "DETINIT_OPTS", "-Xmx1g -Dx=y"));
        assertEquals(List.of("-Xmx1g", "-Dx=y", "-cp"), arguments.subList(0, 3));
        TreeSet<String> names = new TreeSet<>();
        for (String entry : classPath(arguments).split(":", -1)) {
            assertTrue(Files.isRegularFile(Path.of(entry)), entry);
            names.add(String.valueOf(Path.of(entry).getFileName()));
        }
        assertEquals(new TreeSet<>(JARS.subList(0, 3)), names);
        assertFalse(arguments.toString().contains("native-cpu"));
        assertEquals(List.of("train", "--data", "two words"), arguments.subList(5, 8));
        assertEquals(8, arguments.size(), Arrays.toString(arguments.toArray()));
    }
}
