/* SPDX-License-Identifier: MIT */
#include "net/thread.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "net/addrinfo.h"
#include "os/threadpool.h"

/* First in every question: the asker and the thread each hold it. */
struct question {
	atomic_int refs;
	void (*fini)(void *question);
	int code;  /* EAI or h_errno, once answered */
	int error; /* errno of EAI_SYSTEM */
};

static void *ask(size_t size, void (*fini)(void *question))
{
	struct question *q = calloc(1, size);

	if (q) {
		q->refs = 2;
		q->fini = fini;
	}
	return q;
}

static void put(void *arg)
{
	struct question *q = arg;

	if (atomic_fetch_sub(&q->refs, 1) > 1)
		return;
	if (q->fini)
		q->fini(q);
	free(q);
}

/* Has a thread call @fn; the answer is the asker's alone then.  An EAI code. */
static int answer(gev_fn *fn, struct question *q)
{
	if (gev__offload(fn, q, put) < 0)
		return EAI_SYSTEM;
	if (q->code == EAI_SYSTEM)
		errno = q->error;
	return q->code;
}

struct forward {
	struct question q;
	struct addrinfo hints;
	struct addrinfo *list;
	char *node;
	char *service;
};

static void forward_fini(void *arg)
{
	struct forward *f = arg;

	if (f->list)
		freeaddrinfo(f->list);
	free(f->node);
	free(f->service);
}

static intptr_t forward(void *arg)
{
	struct forward *f = arg;

	f->q.code = getaddrinfo(f->node, f->service, &f->hints, &f->list);
	f->q.error = errno;
	return 0;
}

/* Whether there was memory for a copy of @s, which may be NULL. */
static bool duplicate(char **copy, const char *s)
{
	*copy = s ? strdup(s) : NULL;
	return *copy || !s;
}

int gev__thread_getaddrinfo(const char *node, const char *service,
	const struct addrinfo *hints, struct addrinfo **res)
{
	struct forward *f = ask(sizeof(*f), forward_fini);
	int r = EAI_MEMORY;

	if (!f)
		return r;
	f->hints = *hints;
	if (duplicate(&f->node, node) && duplicate(&f->service, service))
		r = answer(forward, &f->q);
	else
		put(f); /* for the thread */
	if (r == 0) {
		r = gev__addrinfo_adopt(f->list, res);
		f->list = NULL;
	}
	put(f);
	return r;
}

struct reverse {
	struct question q;
	struct sockaddr_storage addr;
	socklen_t size;
	int flags;
	bool wants_host;
	bool wants_serv;
	char host[NI_MAXHOST];
	char serv[NI_MAXSERV];
};

static intptr_t reverse(void *arg)
{
	struct reverse *v = arg;

	v->q.code = getnameinfo((struct sockaddr *)&v->addr, v->size,
		v->wants_host ? v->host : NULL, sizeof(v->host),
		v->wants_serv ? v->serv : NULL, sizeof(v->serv), v->flags);
	v->q.error = errno;
	return 0;
}

/* Copies a name to the asker; @to may be NULL. */
static int hand_over(char *to, socklen_t size, const char *name)
{
	if (!to || size == 0)
		return 0;
	if (strlen(name) >= size)
		return EAI_OVERFLOW;
	strcpy(to, name);
	return 0;
}

int gev__thread_getnameinfo(const struct sockaddr *addr, socklen_t addrlen,
	char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	int flags)
{
	struct reverse *v = ask(sizeof(*v), NULL);
	int r;

	if (!v)
		return EAI_MEMORY;
	v->size = addrlen < sizeof(v->addr) ? addrlen : sizeof(v->addr);
	memcpy(&v->addr, addr, v->size);
	v->flags = flags;
	v->wants_host = host && hostlen;
	v->wants_serv = serv && servlen;
	r = answer(reverse, &v->q);
	if (r == 0)
		r = hand_over(host, hostlen, v->host);
	if (r == 0)
		r = hand_over(serv, servlen, v->serv);
	put(v);
	return r;
}
