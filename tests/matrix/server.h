/* SPDX-License-Identifier: MIT */
/*
 * A server program for one test: as nobody, if the test is root; in a
 * directory of its own, on a port of its own, gone when the test is gone.
 *
 *	static struct server s;
 *
 *	const char *why = server_open(&s);
 *	why = why ? why : server_run(&s, (const char *[]){ "initdb", ..., NULL });
 *	why = why ? why : server_start(&s, (const char *[]){ ... }, NULL);
 *	...
 *	server_stop(&s);
 *
 * Functions that may fail return NULL, or why it can't be had here: a reason
 * to skip.  To be called before patching; they let other greenlets run.
 */
#ifndef TESTS_MATRIX_SERVER_H
#define TESTS_MATRIX_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server {
	char directory[64];     /* its home, where it begins */
	int port;               /* free on 127.0.0.1; for it to bind */
	pid_t pid;              /* 0: it does not run */
	const char *path;       /* where to look for programs, besides PATH */
	bool as_root;           /* has to stay who the test is */
	char why[256];
};

/* Makes the directory and finds a port. */
const char *server_open(struct server *s);

/*
 * Where @program is: in PATH, in directories where Debian puts servers, or in
 * s->path, a glob pattern as "/usr/lib/postgresql/[0-9]*" of directories.
 */
const char *server_find(struct server *s, const char *program, char *found,
	size_t size);

/* Writes a file of that name in the directory, which the server can read. */
const char *server_file(struct server *s, const char *name, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Runs a program to its end; to have exited with 0.  argv ends with NULL. */
const char *server_run(struct server *s, const char *const argv[]);

/*
 * Starts it and waits until @ready says so; NULL: until it accepts on its
 * port.  What it wrote is shown if it ends first or takes more than 40 s.
 */
const char *server_start(struct server *s, const char *const argv[],
	bool (*ready)(struct server *s));

/* Whether somebody accepts there. */
bool server_accepts(int port);

/* A socket on a port that is nobody else's, which refuses until it listens. */
int server_none(int *port);

/* Ends it, and removes the directory.  One that was not opened: nothing. */
void server_stop(struct server *s);

#endif
