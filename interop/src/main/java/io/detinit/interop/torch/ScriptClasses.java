package io.detinit.interop.torch;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a TorchScript archive's own code says of its classes: which attributes are parameters and which are buffers. Of the text
 * in {@code code/} no more is read than the heads of classes, their two lists and whether they pack their state themselves; the
 * printer writes each on a line of its own. Source: {@code torch/csrc/jit/serialization/python_print.cpp}, {@code printClass}.
 *
 * <p>Not safe for use by several threads.
 */
final class ScriptClasses {

    private static final int MAX_CODE = 1 << 26;
    private static final Pattern HEAD = Pattern.compile("class ([^\\s(:]+)(?:\\((.*)\\))?:.*");
    private static final Pattern LIST = Pattern.compile("  (__parameters__|__buffers__) = \\[(.*)\\]\\s*");
    private static final Pattern NAMES = Pattern.compile("\\s*(?:\"([^\"\\\\]*)\"|'([^'\\\\]*)')\\s*(?:,|$)");

    private final TorchZip zip;
    private final Map<String, Map<String, ScriptClass>> files = new HashMap<>();

    /**
     * A class of the code.
     *
     * @param module whether it is a module; else an object of a class that is none, whose tensors no state dict lists
     * @param parameters the names of its parameters
     * @param buffers the names of its buffers; null in files before 1.6, where every other tensor attribute was one
     * @param packs whether its state is what its own {@code __getstate__} made, not its attributes
     */
    record ScriptClass(
            boolean module,
            Set<String> parameters,
            @Nullable Set<String> buffers,
            boolean packs) {

        boolean isBuffer(String attribute) {
            return buffers == null || buffers.contains(attribute);
        }
    }

    ScriptClasses(TorchZip zip) {
        this.zip = zip;
    }

    /** Whether a global is a class of TorchScript code, or one that C++ code registered. */
    static boolean isScript(Global global) {
        return global.module().equals("__torch__") || global.module().startsWith("__torch__.");
    }

    /** Whether a class is C++ code's, so that there is no text of it. */
    static boolean isNative(Global global) {
        return global.module().startsWith("__torch__.torch.classes");
    }

    /**
     * Finds a class.
     *
     * @param global such as {@code __torch__.net.___torch_mangle_7.Net}, which {@code code/__torch__/net/___torch_mangle_7.py}
     *     declares
     * @return the class; empty where the archive has no text of it
     * @throws MalformedFileException if a list of names is none
     * @throws IOException if reading fails
     */
    Optional<ScriptClass> find(Global global) throws IOException {
        Map<String, ScriptClass> classes = files.get(global.module());
        if (classes == null) {
            String record = "code/" + global.module().replace('.', '/') + ".py";
            Optional<ByteSource> text = zip.record(record);
            classes = text.isEmpty()
                    ? Map.of()
                    : parse(record, new String(text.get().readAll(MAX_CODE), StandardCharsets.UTF_8));
            files.put(global.module(), classes);
        }
        return Optional.ofNullable(classes.get(global.name()));
    }

    private Map<String, ScriptClass> parse(String record, String text) throws MalformedFileException {
        Map<String, ScriptClass> classes = new HashMap<>();
        String name = "";
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            Matcher head = HEAD.matcher(line);
            if (head.matches()) {
                name = head.group(1);
                boolean module = "Module".equals(head.group(2));
                classes.put(name, new ScriptClass(module, Set.of(), null, false));
            } else if (!line.isEmpty() && !Character.isWhitespace(line.charAt(0)) && line.charAt(0) != '#') {
                name = ""; // a function or an assignment: the class is over
            }
            ScriptClass found = classes.get(name);
            if (found != null && line.startsWith("  __")) {
                classes.put(name, withList(found, line, record + ", line " + number));
            } else if (found != null && line.startsWith("  def __setstate__(")) {
                classes.put(name, new ScriptClass(found.module(), found.parameters(), found.buffers(), true));
            }
        }
        return classes;
    }

    private ScriptClass withList(ScriptClass found, String line, String where) throws MalformedFileException {
        boolean parameters = line.startsWith("  __parameters__ ");
        if (!parameters && !line.startsWith("  __buffers__ ")) {
            return found; // __annotations__ and the like
        }
        Matcher list = LIST.matcher(line);
        if (!list.matches()) {
            throw malformed(where, line.strip());
        }
        Set<String> names = new LinkedHashSet<>();
        String text = list.group(2).stripTrailing();
        Matcher name = NAMES.matcher(text);
        for (int at = 0; at < text.length(); at = name.end()) {
            if (!name.region(at, text.length()).lookingAt()) {
                throw malformed(where, line.strip());
            }
            names.add(name.group(1) == null ? name.group(2) : name.group(1));
        }
        return parameters
                ? new ScriptClass(found.module(), names, found.buffers(), found.packs())
                : new ScriptClass(found.module(), found.parameters(), names, found.packs());
    }

    private MalformedFileException malformed(String where, String line) {
        String shown = line.length() <= 80 ? line : line.substring(0, 80) + "...";
        return MalformedFileException.of(
                zip.archive().source().name(), where, "'" + shown + "'", "a list of names in quotes");
    }
}
