/* The C API of the module wordindex, which is written in Rust: where the words of a text stand.
 *
 * `wordindex._C_API` is a capsule of that name with a Wordindex_API. Its functions need no
 * interpreter and may be called on any thread. */
#ifndef WORDINDEX_H
#define WORDINDEX_H

#include <stddef.h>
#include <stdint.h>

#include "pycapsule.h"

/* What capsules named WORDINDEX_INDEX point to. It lives as long as the capsule. */
typedef struct Wordindex_Index Wordindex_Index;

#define WORDINDEX_INDEX "wordindex.Index"

typedef struct {
    PyCapsuleApi_Header header;
    /* Returns how often the word stands in the text, and stores where its offsets begin, in
     * ascending order. They live as long as the index. */
    size_t (*find)(const Wordindex_Index *index, const char *word, size_t length,
                   const uint64_t **offsets);
} Wordindex_API;

#define WORDINDEX_API "wordindex._C_API"
#define WORDINDEX_MAJOR 1
#define WORDINDEX_MINOR 0

#endif
