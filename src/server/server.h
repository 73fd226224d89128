/* SPDX-License-Identifier: MIT */
/*
 * Servers inside.
 *
 *	listener --(acceptor)--> task --(handler's greenlet)--> done
 *
 * One greenlet accepts, or receives.  Each connection or datagram is a task,
 * in the server's list until its greenlet has ended.  The server stays in
 * memory as long as any of them refers to it.
 */
#ifndef GEV_SERVER_SERVER_H
#define GEV_SERVER_SERVER_H

#include <gev/address.h>
#include <gev/event.h>
#include <gev/server.h>
#include <gev/watcher.h>
#include "base/error.h"
#include "base/list.h"
#include "core/greenlet.h"

struct gev_server {
	gev_hub *hub;
	struct gev_server_options options; /* address: NULL */
	gev_address address;
	bool has_address;
	int listener;              /* -1: closed */
	bool started;              /* and not stopped */
	uint32_t refs;
	gev_greenlet *acceptor;    /* NULL: it does not accept */
	char *buf;                 /* for datagrams */
	gev_pool pool;             /* unless options.pool is another */
	struct gev_list tasks;
	gev_countdown busy;        /* how many those are */
	gev_event stopped;
	int error;                 /* why it stopped by itself; -errno */
	struct gev_list signals;   /* struct gev__on_signal */
	struct gev_server_stats stats;
};

/* A connection, or a datagram, whose bytes follow. */
struct gev__task {
	struct gev_list node;
	gev_server *server;
	gev_greenlet *greenlet;    /* borrowed; it is in the pool */
	int fd;                    /* -1: a datagram, or closed */
	uint32_t generation;       /* of the number, when it was ours */
	size_t length;             /* of a datagram */
	socklen_t size;
	struct sockaddr_storage peer;
	char data[];
};

/* 0, -EINVAL, -EPERM. */
static inline int gev__server_check(const gev_server *s)
{
	if (!s)
		return -EINVAL;
	return s->hub == gev__hub_here() ? 0 : -EPERM;
}

/* Figures are read by other threads too (service.c). */
static inline void gev__stat_set(uint64_t *stat, uint64_t value)
{
	__atomic_store_n(stat, value, __ATOMIC_RELAXED);
}

/* Adds those of @s to @sum. */
void gev__server_sum(const gev_server *s, struct gev_server_stats *sum);

void gev__server_put(gev_server *s);

/* accept.c: begins, and ends.  0 or -errno. */
int gev__server_accept(gev_server *s);
int gev__server_cease(gev_server *s);

/* task.c: a task with @length bytes of data.  NULL: no memory. */
struct gev__task *gev__task_new(gev_server *s, size_t length);
void gev__task_free(struct gev__task *t);
/*
 * Starts @t when there is a place in the pool.  0; or -errno, then it is still
 * the caller's, and its descriptor open.
 */
int gev__task_start(struct gev__task *t);
/* Tells all handlers to end. */
void gev__tasks_kill(gev_server *s);

/* datagram.c: receives one and starts its handler.  0 or -errno. */
#define GEV__DATAGRAM_MAX 65536
int gev__server_receive(gev_server *s);

/* server.c: waits until it is stopped.  0, its error, or why the wait ended. */
int gev__server_await(gev_server *s);
/* The descriptor of a bound socket, or -errno. */
int gev__server_bind(const gev_address *a, const struct gev_server_options *o);

/* signal.c: has @stop called, in the hub, when @signum comes.  0 or -errno. */
typedef int gev__stop_fn(void *object, gev_time drain);
int gev__signals_add(struct gev_list *signals, gev_hub *hub, int signum,
	gev_time drain, gev__stop_fn *stop, void *object);
void gev__signals_forget(struct gev_list *signals);

#endif
