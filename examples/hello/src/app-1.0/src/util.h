#ifndef UTIL_H
#define UTIL_H

/* The double of a number. */
int twice(int number);

#endif
