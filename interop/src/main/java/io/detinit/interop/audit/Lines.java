package io.detinit.interop.audit;

/** What is kept of how far the rows and columns of a matrix moved. */
public enum Lines {
    /** Nothing. */
    NONE,

    /** The means of the rows. */
    ROWS,

    /** The means of the rows, of the columns and of the cells of a picture. */
    ALL
}
