/* SPDX-License-Identifier: MIT */
/*
 * Requests on threads.  A thread can't be stopped, and a greenlet that was
 * killed is not to wait for it: so the thread works on a copy.  When that is
 * dropped, in the hub, what came of it is brought home to who asked, unless he
 * has left.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os/file.h"
#include "os/threadpool.h"

#define TRANSFER_MAX 0x7ffff000 /* of which the kernel does no more at once */

/* Who asked, on his stack. */
struct home {
	const struct gev__file_request *r;
	struct copy *copy;  /* NULL: it was dropped */
	long result;
};

struct copy {
	struct gev__file_request r;
	struct home *home;  /* NULL: nobody waits */
	const struct gev__thread *thread; /* the hub's */
	bool ran;
	long result;
	struct iovec iov;
	struct statx statx;
	char memory[];      /* paths, then data */
};

static size_t data_size(const struct gev__file_request *r)
{
	size_t size = 0;

	for (int i = 0; i < r->n && size < TRANSFER_MAX; i++)
		size += r->iov[i].iov_len;
	return size < TRANSFER_MAX ? size : TRANSFER_MAX;
}

static size_t path_size(const char *path)
{
	return path ? strlen(path) + 1 : 0;
}

static const char *copy_path(char **to, const char *path)
{
	char *here = *to;

	if (!path)
		return NULL;
	*to += path_size(path);
	return strcpy(here, path);
}

/* How much of the first @size bytes is in this piece, which may be NULL. */
static size_t part(const struct iovec *iov, size_t size)
{
	return iov->iov_len < size ? iov->iov_len : size;
}

/* Between @r's pieces and one piece of @size bytes. */
static void gather(char *to, const struct gev__file_request *r, size_t size)
{
	for (int i = 0; size > 0; i++) {
		size_t n = part(&r->iov[i], size);

		if (n > 0)
			memcpy(to, r->iov[i].iov_base, n);
		to += n;
		size -= n;
	}
}

static void scatter(const struct gev__file_request *r, const char *from,
	size_t size)
{
	for (int i = 0; size > 0; i++) {
		size_t n = part(&r->iov[i], size);

		if (n > 0)
			memcpy(r->iov[i].iov_base, from, n);
		from += n;
		size -= n;
	}
}

static struct copy *make_copy(const struct gev__file_request *r)
{
	size_t size = data_size(r);
	struct copy *c = malloc(sizeof(*c) + path_size(r->path) +
				path_size(r->to) + size);
	char *at;

	if (!c)
		return NULL;
	at = c->memory;
	c->r = *r;
	c->r.path = copy_path(&at, r->path);
	c->r.to = copy_path(&at, r->to);
	c->iov = (struct iovec){ at, size };
	c->r.iov = &c->iov;
	c->r.n = 1;
	c->r.statx = &c->statx;
	if (r->op->writes)
		gather(at, r, size);
	c->thread = gev__thread;
	c->ran = false;
	return c;
}

static intptr_t run(void *arg)
{
	struct copy *c = arg;

	c->ran = true;
	c->result = c->r.op->run(&c->r);
	return 0;
}

static void bring_home(struct copy *c)
{
	struct home *home = c->home;

	home->copy = NULL;
	if (!c->ran)
		return;
	home->result = c->result;
	if (c->r.op->reads && c->result > 0)
		scatter(home->r, c->memory, (size_t)c->result);
	if (home->r->statx)
		*home->r->statx = c->statx;
}

static void throw_away(const struct gev__file_op *op, long result)
{
	if (op->opens && result >= 0)
		close((int)result);
}

/* Not in the hub's thread: it is no more. */
static void drop(void *arg)
{
	struct copy *c = arg;

	if (!c->ran && c->r.op->closes)
		run(c);
	if (c->thread == gev__thread && c->home)
		bring_home(c);
	else if (c->ran)
		throw_away(c->r.op, c->result);
	free(c);
}

long gev__file_thread_do(const struct gev__file_request *r)
{
	struct home home = { .r = r, .copy = make_copy(r), .result = -1 };
	int error;

	if (!home.copy)
		return r->op->closes ? r->op->run(r) : -ENOMEM;
	home.copy->home = &home;
	if (gev__offload(run, home.copy, drop) == 0)
		return home.result;
	error = -errno;
	if (home.copy)
		home.copy->home = NULL;
	throw_away(r->op, home.result);
	return error;
}
