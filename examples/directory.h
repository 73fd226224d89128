/* SPDX-License-Identifier: MIT */
/* directory.h - what a server of files shows of a directory. */
#ifndef EXAMPLES_DIRECTORY_H
#define EXAMPLES_DIRECTORY_H

#include <stddef.h>

/*
 * open_beneath - open what @path means below @root, to be read.
 *
 * The kernel sees to it that no path leads out, neither by ".." nor by a
 * symbolic link.  It may be anything: a file, a directory, a pipe.
 *
 * Returns   a descriptor; or -1 with errno as openat2(2): EXDEV if it leads
 *           out of @root.
 */
int open_beneath(int root, const char *path);

/* content_type - the media type of a file, by the end of its name. */
const char *content_type(const char *path);

/*
 * list_directory - an HTML page of what is in @dir, reached by the URL @path.
 *
 * Returns   the page, @size bytes, to be freed; or NULL with errno.
 */
char *list_directory(int dir, const char *path, size_t *size);

#endif
