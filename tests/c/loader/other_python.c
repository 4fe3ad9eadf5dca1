/* What stands for the libpython of another interpreter: the function that all of them export, and
   one that ours has not. */
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
