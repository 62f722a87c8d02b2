/* Everything here is compiled with this header. */
#ifndef common_h
#define common_h

#include "version.h"

#ifndef __ASSEMBLER__
/* In every object, so that another version makes other objects. */
__attribute__((used)) static const char common_version_of_object[] = COMMON_VERSION;
#endif

#endif
