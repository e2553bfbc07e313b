package io.detinit.generator.internal.vector;

import io.detinit.generator.SplitMix64;
import io.detinit.generator.internal.ScalarKernel;

/**
 * The hashing passes without vectors, for CPUs that multiply 64-bit integers faster one by one. They are passes all the
 * same, so that {@link VectorKernel} calls enough types of them.
 */
final class ScalarPasses {

    private ScalarPasses() {}

    /** {@link IndexPasses.HashIndices} one by one. */
    static final class HashIndices extends Pass {
        @Override
        void run(Arguments arguments) {
            ScalarKernel.INSTANCE.hashIndices(arguments.prefix, arguments.hashed, arguments.count);
        }
    }

    /** {@link IndexPasses.Address} one by one. */
    static final class Address extends Pass {
        @Override
        void run(Arguments arguments) {
            ScalarKernel.INSTANCE.address(
                    arguments.prefix, arguments.hashed, arguments.from, arguments.words, arguments.at, arguments.count);
        }
    }

    /** {@link WeightPasses.Uniforms} one by one. */
    static final class Uniforms extends Pass {
        @Override
        void run(Arguments arguments) {
            long[] words = arguments.words;
            double[] radius = arguments.radius;
            double[] angle = arguments.angle;
            for (int k = 0; k < arguments.count; k++) {
                radius[k] = (SplitMix64.hash(words[k] ^ ScalarKernel.HASH_0) >>> 11) + 1;
                angle[k] = SplitMix64.hash(words[k] ^ ScalarKernel.HASH_1) >> 11;
            }
        }
    }
}
