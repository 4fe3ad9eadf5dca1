/* Stands for the libpython of another interpreter: a function that every libpython exports, and one
   that this interpreter lacks. */
#include <stdlib.h>

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
