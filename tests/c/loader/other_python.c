/* Stands for the libpython of another interpreter: a function that every libpython exports, and one
   that this interpreter lacks. Nothing of it may run; with QUIET it can at least be
   loaded. */
#include <stdlib.h>

#ifndef QUIET
__attribute__((constructor)) static void initialize(void)
{
    abort();
}
#endif

int Py_IsInitialized(void);
int Py_IsInitialized(void)
{
    return 0;
}

int PyOther_Function(void);
int PyOther_Function(void)
{
    abort();
}
