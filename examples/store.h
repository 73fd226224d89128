/* SPDX-License-Identifier: MIT */
/*
 * store.h - a file that appears under its name only when it is complete.
 *
 * Functions return 0; or -1 with errno.
 */
#ifndef EXAMPLES_STORE_H
#define EXAMPLES_STORE_H

#include <limits.h>
#include <stdio.h>

struct store {
	FILE *file;
	char part[PATH_MAX]; /* its name until then */
};

/* store_open - EPERM if @name would lead out of @dir; makes directories. */
int store_open(struct store *s, const char *dir, const char *name);
int store_write(struct store *s, const void *data, size_t size);

/* store_keep, store_drop - either is to be the last call. */
int store_keep(struct store *s);
void store_drop(struct store *s);

#endif
