#include <config.h>
#include <dep.h>
#include <stdio.h>

#include "util.h"

int main(void)
{
    printf("app %s: dep %s says %d, doubled %d\n", PACKAGE_VERSION, DEP_VERSION, DEP_ANSWER,
           twice(DEP_ANSWER));
    return 0;
}
