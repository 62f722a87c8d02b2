#include "common.h"

const char *common_version(void)
{
    return COMMON_VERSION;
}
