/* The module of `tests/c/buffers` as one file. */

#include "buffers/exporter.c"

#include "buffers/buffer_driver.c"
