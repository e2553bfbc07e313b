package io.detinit.generator.internal.vector;

import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/** The passes from indices to the chain's states. */
final class IndexPasses {

    private IndexPasses() {}

    /** {@code hashed[k] = H(prefix + k)}. */
    static final class HashIndices extends Pass {
        @Override
        void run(Arguments arguments) {
            long[] hashed = arguments.hashed;
            LongVector steps = LongVector.zero(LONGS).addIndex(1);
            for (int k = 0; k < arguments.count; k += LANES) {
                hash(steps.add(arguments.prefix + k)).intoArray(hashed, k);
            }
        }
    }

    /** {@code words[at + k] = H(prefix ^ hashed[from + k])}. */
    static final class Address extends Pass {
        @Override
        void run(Arguments arguments) {
            long prefix = arguments.prefix;
            long[] hashed = arguments.hashed;
            long[] words = arguments.words;
            int from = arguments.from;
            int at = arguments.at;
            for (int k = 0; k < arguments.count; k += LANES) {
                LongVector index = LongVector.fromArray(LONGS, hashed, from + k);
                hash(index.lanewise(VectorOperators.XOR, prefix)).intoArray(words, at + k);
            }
        }
    }
}
