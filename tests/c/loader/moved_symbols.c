/* For LD_PRELOAD: a dynamic loader that changes the addresses of absolute symbols. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

void *dlsym(void *restrict library, const char *restrict name)
{
    void *(*original)(void *, const char *) = NULL;
    *(void **)&original = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    char *found = original == NULL ? NULL : original(library, name);
    return strcmp(name, "PyLong_Type") == 0 ? found + 4096 : found;
}
