/**
 * Checkpoints of any format loaded into the parameters of a DJL Block, with a report of what did not match. Depends on
 * interop.checkpoint, interop.parameter, interop.tensor and DJL's API. Stable.
 */
@NullMarked
package io.detinit.interop.load;

import org.jspecify.annotations.NullMarked;
