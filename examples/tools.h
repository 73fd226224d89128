/* SPDX-License-Identifier: MIT */
/* tools.h - what both programs need besides HTTP. */
#ifndef EXAMPLES_TOOLS_H
#define EXAMPLES_TOOLS_H

/* Prints "program: ...", and ends the program with status 2. */
_Noreturn void die(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The value of an option, from @min to @max, or the end of the program. */
long number_option(const char *name, const char *text, long min, long max);

/*
 * Raises the limit of open descriptors to what is allowed: a connection costs
 * one, and thousands of them are what greenlets are for.
 *
 * Returns   the limit.
 */
long raise_descriptor_limit(void);

#endif
