/* The C API of the module wordindex: where the words of a text stand. The module is written in
   Rust, so its source, pyo3_module/src/table.rs, has the same definitions once more. */

#ifndef WORDINDEX_H
#define WORDINDEX_H

#include "pycapsule.h"

/* What a capsule of this name points to. It lives as long as the capsule. */
#define WORDINDEX_INDEX "wordindex.Index"
typedef struct WordindexIndex WordindexIndex;

/* Needs no interpreter: any thread may call the functions while somebody holds the capsule. */
typedef struct {
    PyCapsuleApi_Header header;
    /* Returns how often a word stands in the text, and stores the address of the offsets, which
       ascend and live as long as the index. */
    size_t (*find)(const WordindexIndex *index, const char *word, size_t length,
                   const uint64_t **offsets);
} WordindexApi;
PyCapsuleApi_DEFINE(WordindexApi, "wordindex._C_API", 1, 0);

#endif
