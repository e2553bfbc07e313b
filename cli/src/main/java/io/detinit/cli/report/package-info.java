/**
 * Pages that need nothing else: an audit as HTML with its drawings, and what other pages are made of. Shared by the command and by the
 * jobs of {@code spark}; knows nothing of the command itself.
 */
@NullMarked
package io.detinit.cli.report;

import org.jspecify.annotations.NullMarked;
