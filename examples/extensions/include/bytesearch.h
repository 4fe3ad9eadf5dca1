/* The C API of the module bytesearch, which the program of examples/embedding has built in: search
 * for bytes in bytes.
 *
 * `bytesearch._C_API` is a capsule of that name with a Bytesearch_API. Its functions need no
 * interpreter and may be called on any thread. */
#ifndef BYTESEARCH_H
#define BYTESEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "pycapsule.h"

typedef struct {
    PyCapsuleApi_Header header;
    /* Returns the offset of the first needle in the haystack, SIZE_MAX if there is none. */
    size_t (*find)(const uint8_t *haystack, size_t haystack_length, const uint8_t *needle,
                   size_t needle_length);
} Bytesearch_API;

#define BYTESEARCH_API "bytesearch._C_API"
#define BYTESEARCH_MAJOR 1
#define BYTESEARCH_MINOR 0

#endif
