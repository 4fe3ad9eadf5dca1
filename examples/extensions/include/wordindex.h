/* The C API of the module wordindex: the offsets of the words of a text. The module is written in
   Rust, so its source, pyo3_module/src/tables.rs, repeats these definitions. */

#ifndef WORDINDEX_H
#define WORDINDEX_H

#include "pycapsule.h"

/* What a capsule of this name points to. It stays valid as long as the capsule. */
#define WORDINDEX_INDEX "wordindex.Index"
typedef struct WordindexIndex WordindexIndex;

/* The functions need no interpreter: any thread may call them while it holds the capsule. */
typedef struct {
    PyCapsuleApi_Header header;
    /* Returns how many times a word occurs in the text, and stores the address of the offsets,
       which ascend and stay valid as long as the index. `index` is what a capsule named
       WORDINDEX_INDEX points to, `word` has `length` readable bytes, `offsets` is not NULL. */
    size_t (*find)(const WordindexIndex *index, const char *word, size_t length,
                   const uint64_t **offsets);
} WordindexApi;
PyCapsuleApi_DEFINE(WordindexApi, "wordindex._C_API", 1, 0);

#endif
