package io.detinit.interop.torch.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a pickle holds besides Java's own {@link Long}, {@link java.math.BigInteger}, {@link Double}, {@link Boolean}, {@link
 * String} and {@code byte[]}. Containers may be shared and may contain themselves, so nothing here compares or prints its
 * content. Not safe for use by many threads while a reader fills it.
 */
public sealed interface PickleValue {

    /** Python's None. */
    enum None implements PickleValue {
        /** The one value. */
        NONE
    }

    /** A name that would have been looked up. */
    final class Global implements PickleValue {
        private final String module;
        private final String name;

        Global(String module, String name) {
            this.module = module;
            this.name = name;
        }

        /** {@return such as {@code torch._utils}} */
        public String module() {
            return module;
        }

        /** {@return such as {@code _rebuild_tensor_v2}} */
        public String name() {
            return name;
        }

        /** {@return module and name, joined with a dot} */
        public String path() {
            return module + "." + name;
        }
    }

    /** Items in order. */
    abstract sealed class Items implements PickleValue {
        private @Nullable ArrayList<Object> items;

        final void add(Object item) {
            if (items == null) {
                items = new ArrayList<>(4);
            }
            items.add(item);
        }

        /** {@return the items in order} */
        public final List<Object> items() {
            return items == null ? List.of() : Collections.unmodifiableList(items);
        }

        /** {@return how many} */
        public final int size() {
            return items == null ? 0 : items.size();
        }

        /**
         * One item.
         *
         * @param index its place
         * @return the item, empty beyond the end
         */
        public final Optional<Object> get(int index) {
            return items == null || index >= items.size() ? Optional.empty() : Optional.of(items.get(index));
        }
    }

    /** A tuple. */
    final class Tuple extends Items {}

    /** A list. */
    final class PyList extends Items {}

    /** A set or frozenset. */
    final class PySet extends Items {}

    /** A dict: keys and values in turn, in the order in which they were set; a key set twice stands twice. */
    final class Dict extends Items {

        /**
         * Looks a string key up.
         *
         * @param key the key
         * @return its last value, empty where there is none
         */
        public Optional<Object> find(String key) {
            for (int k = size() - 2; k >= 0; k -= 2) {
                if (key.equals(items().get(k))) {
                    return Optional.of(items().get(k + 1));
                }
            }
            return Optional.empty();
        }
    }

    /** What a call would have made, and what was done to it afterwards. */
    final class Call implements PickleValue {
        private final Object callable;
        private final Object arguments;
        private @Nullable Object state;
        private @Nullable PyList appended;
        private @Nullable Dict entries;

        Call(Object callable, Object arguments) {
            this.callable = callable;
            this.arguments = arguments;
        }

        /**
         * A call that a reader of pickles makes up, such as the inner one of a wrapper.
         *
         * @param callable what would be called
         * @param arguments its positional arguments
         * @return the call
         */
        public static Call of(Object callable, Object arguments) {
            return new Call(callable, arguments);
        }

        /** {@return what would have been called, as a rule a {@link Global}} */
        public Object callable() {
            return callable;
        }

        /** {@return module and name of what would have been called; empty where it is no global} */
        public String path() {
            return callable instanceof Global global ? global.path() : "";
        }

        /** {@return the positional arguments, as a rule a {@link Tuple}} */
        public Object arguments() {
            return arguments;
        }

        /**
         * One argument.
         *
         * @param index its place
         * @return the argument, empty where there is none
         */
        public Optional<Object> argument(int index) {
            return arguments instanceof Tuple tuple ? tuple.get(index) : Optional.empty();
        }

        /** {@return what BUILD gave it, empty where it did not} */
        public Optional<Object> state() {
            return Optional.ofNullable(state);
        }

        /** {@return what was appended to it or added} */
        public List<Object> appended() {
            return appended == null ? List.of() : appended.items();
        }

        /** {@return the entries that were set in it, empty where there are none} */
        public Optional<Dict> entries() {
            return Optional.ofNullable(entries);
        }

        void build(Object given) {
            state = given;
        }

        void append(Object item) {
            if (appended == null) {
                appended = new PyList();
            }
            appended.add(item);
        }

        /**
         * Adds an entry that a reader found elsewhere, such as among the arguments.
         *
         * @param key its key
         * @param value its value
         */
        public void put(Object key, Object value) {
            set(key, value);
        }

        void set(Object key, Object value) {
            if (entries == null) {
                entries = new Dict();
            }
            entries.add(key);
            entries.add(value);
        }
    }

    /** A reference to something outside the pickle. */
    final class Persistent implements PickleValue {
        private final Object id;

        Persistent(Object id) {
            this.id = id;
        }

        /** {@return its id, for PyTorch a {@link Tuple}} */
        public Object id() {
            return id;
        }
    }
}
