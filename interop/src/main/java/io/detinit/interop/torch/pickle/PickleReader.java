package io.detinit.interop.torch.pickle;

import io.detinit.interop.file.ByteSource;
import io.detinit.interop.file.MalformedFileException;
import io.detinit.interop.torch.pickle.PickleValue.Call;
import io.detinit.interop.torch.pickle.PickleValue.Dict;
import io.detinit.interop.torch.pickle.PickleValue.Global;
import io.detinit.interop.torch.pickle.PickleValue.Items;
import io.detinit.interop.torch.pickle.PickleValue.None;
import io.detinit.interop.torch.pickle.PickleValue.Persistent;
import io.detinit.interop.torch.pickle.PickleValue.PyList;
import io.detinit.interop.torch.pickle.PickleValue.PySet;
import io.detinit.interop.torch.pickle.PickleValue.Tuple;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one pickle without looking anything up: a machine with a stack, a memo and no way to call.
 *
 * <p>Understands protocols 2 to 5 as PyTorch and Python's own pickler write them. Refused: the text protocol (0 and 1's text
 * opcodes, which PyTorch never wrote), extension codes, text persistent ids, INST and OBJ, out-of-band buffers. Every length is
 * checked against the bytes that are left, memory grows with the bytes read, and nesting costs no call stack. Source: CPython's
 * {@code Lib/pickletools.py}.
 *
 * <p>Not safe for use by several threads.
 */
public final class PickleReader {

    /** A value of the stack that opens a run of values. */
    private static final Object MARK = new Object();

    private static final int MAX_PROTOCOL = 5;

    /** A value costs up to 50 bytes of memory for one byte of a pickle; half a million tensors need 20 million opcodes. */
    private static final int MAX_OPCODES = 1 << 24;

    private final PickleInput in;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final List<Object> memo = new ArrayList<>();
    private final Map<Long, Object> sparseMemo = new HashMap<>(); // entries out of order
    private final Map<String, Global> globals = new LinkedHashMap<>();
    private final List<Persistent> references = new ArrayList<>();
    private boolean calls;

    private PickleReader(PickleInput in) {
        this.in = in;
    }

    /**
     * A pickle and where it ended.
     *
     * @param value what it holds
     * @param end the byte after its last
     * @param globals every name that an unpickler would have looked up
     * @param calls whether an unpickler would have called anything
     * @param references every persistent reference
     */
    public record Pickle(Object value, long end, List<Global> globals, boolean calls, List<Persistent> references) {}

    /**
     * Reads the pickle that begins at a position.
     *
     * @param source the bytes
     * @param from where the pickle begins
     * @return its value and end
     * @throws MalformedFileException if it is cut short, breaks the rules or uses a refused opcode
     * @throws IOException if reading fails
     */
    public static Pickle read(ByteSource source, long from) throws IOException {
        PickleReader reader = new PickleReader(new PickleInput(source, from));
        Object value = reader.run();
        return new Pickle(
                value,
                reader.in.position(),
                List.copyOf(reader.globals.values()),
                reader.calls,
                List.copyOf(reader.references));
    }

    private Object run() throws IOException {
        for (int count = 0; ; count++) {
            int opcode = in.opcode();
            if (count == MAX_OPCODES) {
                throw in.malformed("more than " + MAX_OPCODES + " opcodes", "fewer");
            }
            if (opcode == '.') {
                if (!marks.isEmpty() || stack.size() != 1) {
                    throw in.malformed(stack.size() + " values at STOP", "one");
                }
                return stack.get(0);
            }
            step(opcode);
        }
    }

    private void step(int opcode) throws IOException {
        switch (opcode) {
            case 0x80 -> protocol(); // PROTO
            case 0x95 -> in.frame(); // FRAME
            case '(' -> mark();
            case '0' -> pop(); // POP
            case '1' -> popMark(); // POP_MARK
            case '2' -> push(peek()); // DUP
            case 'N' -> push(None.NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) (int) in.number(4)); // BININT
            case 'K' -> push(in.number(1)); // BININT1
            case 'M' -> push(in.number(2)); // BININT2
            case 0x8A -> push(integer(in.length(1))); // LONG1
            case 0x8B -> push(integer(in.length(4))); // LONG4
            case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.number(8)))); // BINFLOAT
            case 'X' -> push(in.text(in.length(4))); // BINUNICODE
            case 0x8C -> push(in.text(in.length(1))); // SHORT_BINUNICODE
            case 0x8D -> push(in.text(in.length(8))); // BINUNICODE8
            case 'U' -> push(latin1(in.length(1))); // SHORT_BINSTRING
            case 'T' -> push(latin1(in.length(4))); // BINSTRING
            case 'C' -> push(in.bytes(in.length(1))); // SHORT_BINBYTES
            case 'B' -> push(in.bytes(in.length(4))); // BINBYTES
            case 0x8E, 0x96 -> push(in.bytes(in.length(8))); // BINBYTES8, BYTEARRAY8
            case ')' -> push(new Tuple());
            case 't' -> push(collect(new Tuple())); // TUPLE
            case 0x85 -> tuple(1);
            case 0x86 -> tuple(2);
            case 0x87 -> tuple(3);
            case ']' -> push(new PyList());
            case 'l' -> push(collect(new PyList())); // LIST
            case 'a' -> append(); // APPEND
            case 'e' -> appends(); // APPENDS
            case '}' -> push(new Dict());
            case 'd' -> push(dict()); // DICT
            case 's' -> setItem();
            case 'u' -> setItems();
            case 0x8F -> push(new PySet()); // EMPTY_SET
            case 0x90 -> appends(); // ADDITEMS
            case 0x91 -> push(collect(new PySet())); // FROZENSET
            case 'c' -> push(global(in.line(), in.line())); // GLOBAL
            case 0x93 -> stackGlobal(); // STACK_GLOBAL
            case 'R', 0x81 -> call(); // REDUCE, NEWOBJ
            case 0x92 -> callWithKeywords(); // NEWOBJ_EX
            case 'b' -> build(); // BUILD
            case 'Q' -> reference(); // BINPERSID
            case 'q' -> memorize(in.number(1)); // BINPUT
            case 'r' -> memorize(in.number(4)); // LONG_BINPUT
            case 0x94 -> memorize(memo.size() + sparseMemo.size()); // MEMOIZE
            case 'h' -> recall(in.number(1)); // BINGET
            case 'j' -> recall(in.number(4)); // LONG_BINGET
            default -> throw in.refused(opcode);
        }
    }

    private void protocol() throws IOException {
        long version = in.number(1);
        if (version > MAX_PROTOCOL) {
            throw in.malformed("protocol " + version, "at most " + MAX_PROTOCOL);
        }
    }

    private void push(Object value) {
        stack.add(value);
    }

    private void mark() {
        marks.add(stack.size());
        stack.add(MARK);
    }

    private Object peek() throws IOException {
        Object top = stack.isEmpty() ? MARK : stack.get(stack.size() - 1);
        if (top == MARK) {
            throw in.malformed("no value on the stack", "one");
        }
        return top;
    }

    private Object pop() throws IOException {
        Object top = peek();
        stack.remove(stack.size() - 1);
        return top;
    }

    /** Where the values after the last mark begin; the mark is forgotten. */
    private int afterMark() throws IOException {
        if (marks.isEmpty()) {
            throw in.malformed("no mark on the stack", "one");
        }
        return marks.remove(marks.size() - 1) + 1;
    }

    private void popMark() throws IOException {
        truncate(afterMark() - 1);
    }

    private void truncate(int size) {
        stack.subList(size, stack.size()).clear();
    }

    private <T extends Items> T collect(T items) throws IOException {
        int from = afterMark();
        for (int k = from; k < stack.size(); k++) {
            items.add(stack.get(k));
        }
        truncate(from - 1);
        return items;
    }

    private void tuple(int size) throws IOException {
        Object[] values = new Object[size];
        for (int k = size - 1; k >= 0; k--) {
            values[k] = pop();
        }
        Tuple tuple = new Tuple();
        for (Object value : values) {
            tuple.add(value);
        }
        push(tuple);
    }

    private Dict dict() throws IOException {
        Dict dict = collect(new Dict());
        if (dict.size() % 2 != 0) {
            throw in.malformed("a key without a value", "pairs");
        }
        return dict;
    }

    private void append() throws IOException {
        Object item = pop();
        addTo(peek(), item);
    }

    private void appends() throws IOException {
        int from = afterMark();
        Object target = below(from);
        for (int k = from; k < stack.size(); k++) {
            addTo(target, stack.get(k));
        }
        truncate(from - 1);
    }

    /** The value under the mark of a run of values. */
    private Object below(int from) throws IOException {
        Object target = from < 2 ? MARK : stack.get(from - 2);
        if (target == MARK) {
            throw in.malformed("no container under the mark", "one");
        }
        return target;
    }

    private void addTo(Object target, Object item) throws IOException {
        if (target instanceof PyList || target instanceof PySet) {
            ((Items) target).add(item);
        } else if (target instanceof Call call) {
            call.append(item);
        } else {
            throw in.malformed("an item for something that is no list", "a list");
        }
    }

    private void setItem() throws IOException {
        Object value = pop();
        Object key = pop();
        set(peek(), key, value);
    }

    private void setItems() throws IOException {
        int from = afterMark();
        Object target = below(from);
        if ((stack.size() - from) % 2 != 0) {
            throw in.malformed("a key without a value", "pairs");
        }
        for (int k = from; k < stack.size(); k += 2) {
            set(target, stack.get(k), stack.get(k + 1));
        }
        truncate(from - 1);
    }

    private void set(Object target, Object key, Object value) throws IOException {
        if (target instanceof Dict dict) {
            dict.add(key);
            dict.add(value);
        } else if (target instanceof Call call) {
            call.set(key, value);
        } else {
            throw in.malformed("an entry for something that is no dict", "a dict");
        }
    }

    private Global global(String module, String name) {
        return globals.computeIfAbsent(module + "\n" + name, key -> new Global(module, name));
    }

    private void stackGlobal() throws IOException {
        Object name = pop();
        Object module = pop();
        if (!(name instanceof String simple) || !(module instanceof String of)) {
            throw in.malformed("a global whose module or name is no string", "two strings");
        }
        push(global(of, simple));
    }

    private void call() throws IOException {
        Object arguments = pop();
        calls = true;
        push(new Call(pop(), arguments));
    }

    private void callWithKeywords() throws IOException {
        Object keywords = pop();
        Object arguments = pop();
        calls = true;
        Call call = new Call(pop(), arguments);
        if (!(keywords instanceof Dict dict) || dict.size() > 0) {
            call.set("__keywords__", keywords);
        }
        push(call);
    }

    private void build() throws IOException {
        Object state = pop();
        if (peek() instanceof Call call) {
            call.build(state);
        }
        // The state of anything else is of no interest
    }

    private void reference() throws IOException {
        Persistent reference = new Persistent(pop());
        references.add(reference);
        push(reference);
    }

    private void memorize(long index) throws IOException {
        Object value = peek();
        if (index == memo.size()) {
            memo.add(value);
        } else if (index < memo.size()) {
            memo.set((int) index, value);
        } else {
            sparseMemo.put(index, value);
        }
    }

    private void recall(long index) throws IOException {
        Object value = sparseMemo.get(index);
        if (value == null && index < memo.size()) {
            value = memo.get((int) index);
        }
        if (value == null) {
            throw in.malformed("a reference to memo entry " + index, "one that was stored before");
        }
        push(value);
    }

    private String latin1(long length) throws IOException {
        return new String(in.bytes(length), StandardCharsets.ISO_8859_1);
    }

    /** A little-endian two's complement number. */
    private Object integer(long length) throws IOException {
        byte[] little = in.bytes(length);
        byte[] big = new byte[little.length + 1];
        for (int k = 0; k < little.length; k++) {
            big[little.length - k] = little[k];
        }
        big[0] = (byte) (little.length > 0 && little[little.length - 1] < 0 ? -1 : 0);
        BigInteger value = new BigInteger(big);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }
}
