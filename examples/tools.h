/* SPDX-License-Identifier: MIT */
/* tools.h - what several programs need besides HTTP. */
#ifndef EXAMPLES_TOOLS_H
#define EXAMPLES_TOOLS_H

#include <gev/server.h>

/* Prints "program: ...", and ends the program with status 2. */
_Noreturn void die(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Prints what --help asks for, and ends the program with status 0. */
_Noreturn void show(const char *usage);

/*
 * For programs without options: --help shows @usage; what looks like another
 * option, or fewer than @least or more than @most arguments, is an error.
 */
void check_arguments(int argc, char **argv, int least, int most,
	const char *usage);

/* After getopt(): an error if there is something left. */
void no_more_arguments(int argc, char **argv);

/*
 * The value of an option, "j" or "jobs", or of an argument, "JOBS", from @min
 * to @max, or the end of the program.
 */
long number_option(const char *name, const char *text, long min, long max);

/* The port that --port N gives, or 0; --help shows @usage, else is an error. */
long port_option(int argc, char **argv, const char *usage);

/*
 * Starts a server of @options, prints "@doing on ADDRESS", serves until
 * SIGTERM and for at most @patience more.  Ends the program if that fails.
 */
void serve_until_term(const struct gev_server_options *options,
	const char *doing, gev_time patience);

/*
 * Raises the limit of open descriptors to what is allowed: a connection costs
 * one, and thousands of them are what greenlets are for.
 *
 * Returns   the limit.
 */
long raise_descriptor_limit(void);

/* gev_patch_all(), or the end of the program, saying why. */
void patch_libc(void);

#endif
