/* SPDX-License-Identifier: MIT */
/*
 * Requests on threads.  A thread can't be stopped, and a greenlet that was
 * killed is not to wait for it: so the thread works on a copy, which the last
 * of the two frees.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os/file.h"
#include "os/threadpool.h"

#define TRANSFER_MAX 0x7ffff000 /* of which the kernel does no more at once */

struct copy {
	struct gev__file_request r;
	atomic_int refs;
	bool ran;
	bool taken;         /* the caller has what was opened */
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

/* Between @r's pieces and one piece of @size bytes. */
static void gather(char *to, const struct gev__file_request *r, size_t size)
{
	for (int i = 0; size > 0; i++) {
		size_t n = r->iov[i].iov_len < size ? r->iov[i].iov_len : size;

		memcpy(to, r->iov[i].iov_base, n);
		to += n;
		size -= n;
	}
}

static void scatter(const struct gev__file_request *r, const char *from,
	size_t size)
{
	for (int i = 0; size > 0; i++) {
		size_t n = r->iov[i].iov_len < size ? r->iov[i].iov_len : size;

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
	c->refs = 2;
	c->ran = false;
	c->taken = false;
	return c;
}

static intptr_t run(void *arg)
{
	struct copy *c = arg;

	c->ran = true;
	c->result = c->r.op->run(&c->r);
	return 0;
}

static void put(void *arg)
{
	struct copy *c = arg;

	if (atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	if (!c->ran && c->r.op->closes)
		run(c);
	if (c->ran && c->r.op->opens && !c->taken && c->result >= 0)
		close((int)c->result);
	free(c);
}

static void bring_home(const struct gev__file_request *r, struct copy *c)
{
	c->taken = true;
	if (r->op->reads && c->result > 0)
		scatter(r, c->memory, (size_t)c->result);
	if (r->statx)
		*r->statx = c->statx;
}

long gev__file_thread_do(const struct gev__file_request *r)
{
	struct copy *c = make_copy(r);
	long result;

	if (!c)
		return -ENOMEM;
	if (gev__offload(run, c, put) < 0) {
		result = -errno;
	} else {
		result = c->result;
		bring_home(r, c);
	}
	put(c);
	return result;
}
