/* SPDX-License-Identifier: MIT */
/*
 * Services inside.
 *
 *	caller's hub                      thread 0    thread 1 ...
 *	(acceptor, if it hands out) ----> server      server
 *	stop -------- gev_hub_post -----> stop        stop
 *	wait <------------------------------- the last that ends
 */
#ifndef GEV_SERVER_SERVICE_H
#define GEV_SERVER_SERVICE_H

#include <gev/service.h>
#include <gev/thread.h>
#include <pthread.h>
#include "server/server.h"

/* A thread. */
struct gev__worker {
	gev_service *service;
	pthread_t thread;
	bool created;                  /* there is such a thread */
	int listener;                  /* its server's, or -1 */
	gev_server *server;
	gev_group stoppers;            /* greenlets that stop it */
	gev_hub *hub;                  /* under the lock; NULL: not running */
	int error;                     /* what ended it; -errno */
	gev_time drain;                /* atomic: with which it is to stop */
	int load;                      /* atomic: handed out, not yet done */
	struct gev_server_stats stats; /* under the lock; once it has ended */
};

struct gev_service {
	gev_hub *hub;
	struct gev_server_options options; /* address: NULL */
	unsigned flags;
	gev_server *acceptor;          /* NULL: it does not hand out */
	gev_greenlet *keeper;          /* of the acceptor */
	gev_thread_sem places;         /* of all threads, if options.max */
	gev_group stoppers;            /* greenlets that stop the acceptor */
	int posts;                     /* under the lock: to this hub */
	struct gev_list signals;
	gev_thread_event ready;        /* each thread runs, or has failed */
	gev_thread_event ended;        /* none runs any more */
	pthread_mutex_t lock;
	gev_time drain;                /* under the lock; of the last stop */
	int unready;                   /* likewise */
	int living;                    /* likewise */
	int error;                     /* of the acceptor */
	int threads;
	struct gev__worker workers[];
};

/* worker.c: what a thread runs. */
void *gev__worker_run(void *worker);
/* Tells it to stop; the lock is held.  0 or -errno. */
int gev__worker_stop(struct gev__worker *w, gev_time drain);

/*
 * hand_out.c: makes the acceptor; begins; tells it to stop, the lock is held;
 * waits for its end.  0 or -errno.
 */
int gev__hand_out_open(gev_service *v, const char *address, int listener);
int gev__hand_out_start(gev_service *v);
int gev__hand_out_stop(gev_service *v);
void gev__hand_out_end(gev_service *v);
/* What a thread does with a connection that it was handed. */
void gev__hand_out_serve(int fd, const struct sockaddr *peer, socklen_t size,
	void *worker);

#endif
