/* SPDX-License-Identifier: MIT */
/* The libraries of objects/, loaded. */
#ifndef TESTS_PATCH_LOADED_H
#define TESTS_PATCH_LOADED_H

#include <dlfcn.h>
#include <gev/io.h>
#include <gev/sleep.h>
#include <sys/socket.h>
#include <unistd.h>
#include "patch/patch.h"

#define PATH(way) OBJECTS "/libgevtest_" way ".so"
#define SONAME(way) "libgevtest_" way ".so"

typedef ssize_t read_fn(int fd, void *buf, size_t size);

static inline void *load(const char *path)
{
	void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);

	if (!t_ok(handle != NULL))
		printf("# %s\n", dlerror());
	return handle;
}

static inline void *function(void *handle, const char *name)
{
	void *fn = dlsym(handle, name);

	t_ok(fn != NULL);
	return fn;
}

static T_UNUSED int object_fds[2];

static inline intptr_t read_with(void *fn)
{
	read_fn *reads = (read_fn *)fn;
	char c = 0;

	return reads(object_fds[0], &c, 1) != 1 || c != 'x';
}

/* Whether others run while a greenlet reads so. */
static inline bool waits_in(void *fn)
{
	gev_greenlet *g;
	bool waits;

	/* Else the byte is there, or the thread would stop for good. */
	t_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, object_fds), 0);
	setsockopt(object_fds[0], SOL_SOCKET, SO_RCVTIMEO,
		&(struct timeval){ .tv_usec = 30000 }, sizeof(struct timeval));
	inside = 0;
	g = start(read_with, (intptr_t)fn);
	gev_sleep(0);
	waits = !gev_ready(g);
	t_eq(write(object_fds[1], "x", 1), 1);
	t_eq(gev_join(g, GEV_SEC(10)), 0);
	t_eq(gev_value(g), !waits);
	gev_unref(g);
	gev_close(object_fds[0]);
	gev_close(object_fds[1]);
	return waits;
}

static inline bool waits_in_call(void *handle, const char *name)
{
	return waits_in(function(handle, name));
}

#endif
