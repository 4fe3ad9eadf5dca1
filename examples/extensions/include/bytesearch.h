/* The C API of the module bytesearch: finds bytes in bytes. The module is part of the embedder's
   program in examples/embedding, whose src/api.rs repeats this definition. */

#ifndef BYTESEARCH_H
#define BYTESEARCH_H

#include "pycapsule.h"

/* The functions need no interpreter: any thread may call them while it holds the capsule. */
typedef struct {
    PyCapsuleApi_Header header;
    /* Returns the offset of the first needle in the haystack, or SIZE_MAX if there is none. */
    size_t (*find)(const uint8_t *haystack, size_t haystack_length, const uint8_t *needle,
                   size_t needle_length);
} BytesearchApi;
PyCapsuleApi_DEFINE(BytesearchApi, "bytesearch._C_API", 1, 0);

#endif
