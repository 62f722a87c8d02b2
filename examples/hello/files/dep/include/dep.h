/* What app says of its dependency. */
#ifndef DEP_H
#define DEP_H

#define DEP_VERSION "1.0"
#define DEP_ANSWER 42

#endif
