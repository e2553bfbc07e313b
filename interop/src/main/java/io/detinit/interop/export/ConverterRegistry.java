package io.detinit.interop.export;

import ai.djl.nn.Block;
import ai.djl.util.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The converters of an export, in the order in which they are asked: those of the Block's own class first, then those of its
 * superclasses, nearest first; among equals the one registered last. Immutable.
 */
public final class ConverterRegistry {

    private final List<BlockConverter<?>> converters;

    private ConverterRegistry(List<BlockConverter<?>> converters) {
        this.converters = List.copyOf(converters);
    }

    /** {@return the converters that are services on the class path; none unless someone added one} */
    public static ConverterRegistry standard() {
        List<BlockConverter<?>> found = new ArrayList<>();
        ServiceLoader.load(BlockConverter.class).forEach(found::add);
        return new ConverterRegistry(found);
    }

    /**
     * Adds a converter.
     *
     * @param converter is asked before those that are there, for the same class
     * @return a registry with it
     */
    public ConverterRegistry with(BlockConverter<?> converter) {
        List<BlockConverter<?>> all = new ArrayList<>(List.of(converter));
        all.addAll(converters);
        return new ConverterRegistry(all);
    }

    /** The converter of a Block. */
    Optional<BlockConverter<?>> find(Block block) {
        for (Class<?> type = block.getClass(); type != null; type = type.getSuperclass()) {
            for (BlockConverter<?> converter : converters) {
                if (converter.blockType() == type && accepts(converter, block)) {
                    return Optional.of(converter);
                }
            }
        }
        return converters.stream()
                .filter(c -> c.blockType().isInterface() && accepts(c, block))
                .findFirst();
    }

    private static <B extends Block> boolean accepts(BlockConverter<B> converter, Block block) {
        return converter.blockType().isInstance(block)
                && converter.accepts(converter.blockType().cast(block));
    }

    /** The place of a Block below this one that has a converter. */
    Optional<String> below(Block block) {
        if (converters.isEmpty()) {
            return Optional.empty();
        }
        for (Pair<String, Block> child : block.getChildren()) {
            if (find(child.getValue()).isPresent()) {
                return Optional.of(child.getKey());
            }
            Optional<String> deeper = below(child.getValue());
            if (deeper.isPresent()) {
                return Optional.of(child.getKey() + "/" + deeper.get());
            }
        }
        return Optional.empty();
    }
}
