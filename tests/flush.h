/* flush.h - test input that ends where memory ends: a read or write one byte too far faults. */
#ifndef STUBBORN_TESTS_FLUSH_H
#define STUBBORN_TESTS_FLUSH_H

#include <stddef.h>
#include <stdint.h>

/* A writable copy of n bytes whose last byte lies just before an unreadable page; n zeros when
 * bytes is NULL. Ends the process when there is no memory. */
uint8_t *flush_copy(const void *bytes, size_t n);
/* Gives such a copy back; n as it was. Ends the process when something was written before it. */
void flush_free(uint8_t *copy, size_t n);

#endif
