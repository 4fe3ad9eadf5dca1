/* For LD_PRELOAD: a system on which no file can be made in memory. */
#include <errno.h>

int memfd_create(const char *name, unsigned int flags);
int memfd_create(const char *name, unsigned int flags)
{
    (void)name;
    (void)flags;
    errno = ENOSYS;
    return -1;
}
