/* SPDX-License-Identifier: MIT */
/*
 * gev/choose.h - wait for one of several things, or for some of them.
 *
 *	gev_choice choices[] = {
 *		GEV_CHOOSE_RECV(jobs, &job),
 *		GEV_CHOOSE_READ(fd),
 *		GEV_CHOOSE_EVENT(&shutdown),
 *	};
 *	switch (gev_choose(choices, 3, GEV_SEC(10))) {
 *	case 0: ...				(job was received)
 *	case 1: ...				(fd can be read)
 *	case 2: return 0;
 *	default: return -1;			(ETIMEDOUT, ...)
 *	}
 *
 * What is chosen is also done: the element sent or received, the semaphore
 * acquired.  Of all the others nothing is.  Go's select statement, and
 * gevent.wait() and iwait().
 *
 * An array of choices may be used again and again, by one wait at a time.
 * Nothing is allocated, however many there are.
 */
#ifndef GEV_CHOOSE_H
#define GEV_CHOOSE_H

#include <gev/async_result.h>
#include <gev/channel.h>
#include <gev/event.h>
#include <gev/lock.h>
#include <gev/queue.h>
#include <gev/waiter.h>

GEV_BEGIN_DECLS

/* What is waited for. */
enum gev_choice_kind {
	GEV_CHOICE_NEVER,   /* nothing: a choice that is switched off */
	GEV_CHOICE_SEND,    /* gev_chan_send() */
	GEV_CHOICE_RECV,    /* gev_chan_recv() */
	GEV_CHOICE_PUT,     /* gev_queue_put() */
	GEV_CHOICE_GET,     /* gev_queue_get() */
	GEV_CHOICE_EVENT,   /* gev_event_wait() */
	GEV_CHOICE_ACQUIRE, /* gev_sem_acquire() */
	GEV_CHOICE_RESULT,  /* an async result is there */
	GEV_CHOICE_END,     /* a greenlet has ended */
	GEV_CHOICE_READ,    /* a descriptor can be read */
	GEV_CHOICE_WRITE    /* or written */
};

typedef struct gev_choice {
	enum gev_choice_kind kind;
	int fd;
	void *object;      /* the channel, queue, ...; borrowed */
	void *value;       /* where to send from or receive to; or the item */
	int error;         /* of the one that was taken: 0, or as errno */
	bool taken;        /* by the wait that it was last used in */
	/* private */
	gev_waiter waiter;
	void *record;          /* of the descriptor */
	struct gev_iwait *in;  /* the wait */
	int order;             /* the place of another, in random order */
} gev_choice;

#define GEV_CHOICE_INIT(kind, fd, object, value)                               \
	{ (kind), (fd), (object), (void *)(value), 0, false,                   \
		GEV_WAITER_INIT(0), 0, 0, 0 }

/* @element is read when it is sent, at the latest when the wait ends. */
#define GEV_CHOOSE_SEND(chan, element)                                         \
	GEV_CHOICE_INIT(GEV_CHOICE_SEND, -1, chan, element)
#define GEV_CHOOSE_RECV(chan, element)                                         \
	GEV_CHOICE_INIT(GEV_CHOICE_RECV, -1, chan, element)
/* @item is a pointer that is put; @to points to where one is to go. */
#define GEV_CHOOSE_PUT(queue, item)                                            \
	GEV_CHOICE_INIT(GEV_CHOICE_PUT, -1, queue, item)
#define GEV_CHOOSE_GET(queue, to)                                              \
	GEV_CHOICE_INIT(GEV_CHOICE_GET, -1, queue, to)
#define GEV_CHOOSE_EVENT(event)                                                \
	GEV_CHOICE_INIT(GEV_CHOICE_EVENT, -1, event, 0)
#define GEV_CHOOSE_ACQUIRE(sem)                                                \
	GEV_CHOICE_INIT(GEV_CHOICE_ACQUIRE, -1, sem, 0)
#define GEV_CHOOSE_RESULT(async_result)                                        \
	GEV_CHOICE_INIT(GEV_CHOICE_RESULT, -1, async_result, 0)
#define GEV_CHOOSE_END(greenlet)                                               \
	GEV_CHOICE_INIT(GEV_CHOICE_END, -1, greenlet, 0)
#define GEV_CHOOSE_READ(fd) GEV_CHOICE_INIT(GEV_CHOICE_READ, fd, 0, 0)
#define GEV_CHOOSE_WRITE(fd) GEV_CHOICE_INIT(GEV_CHOICE_WRITE, fd, 0, 0)

/*
 * gev_choose - wait for one of @n choices, and take it.
 *
 * If there are several, any of them, each as likely.  A choice that can only
 * fail is taken too, and its @error says why: EPIPE (closed, shut down), EBADF
 * (a descriptor that is not open, or was closed by gev_close() meanwhile),
 * EBUSY (another greenlet waits for the same side of it), EINVAL (an object
 * that was taken down meanwhile), ENOMEM.
 *
 * Waits     at most @timeout; 0 does not wait: Go's default.
 * Returns   the index of the choice that was taken; or -1 with errno ETIMEDOUT,
 *           EAGAIN (@timeout is 0 and there is none to take), EINVAL (NULL,
 *           no such kind, what was taken down), EPERM (another thread's),
 *           ECANCELED, a thrown code, EDEADLK, ENOMEM.  On error none was
 *           taken.
 * Context   any greenlet; loop callbacks with @timeout 0.
 * Memory    choices and objects are borrowed until the function returns.
 */
GEV_API int gev_choose(gev_choice *choices, int n, gev_time timeout);

/*
 * gev_choose_some - take @count of @n choices, as they come (0: all).
 *
 * Mirrors gevent.wait(objects, timeout, count).
 *
 * Waits     at most @timeout; when it ends, what was taken so far counts.
 * Returns   how many were taken, their indices in @order (unless NULL) in the
 *           order in which they were; or -1 with errno as gev_choose(), EINVAL
 *           too for a negative @count.  On error @taken says which were.
 * Memory    as gev_choose(); @order has room for @n.
 */
GEV_API int gev_choose_some(gev_choice *choices, int n, int count,
	gev_time timeout, int *order);

/* One choice after the other, in the order in which they come. */
typedef struct gev_iwait {
	/* private */
	gev_hub *hub;
	gev_choice *choices;
	int n;
	int left;                   /* those that are yet to be given */
	bool single;                /* taking one ends the wait for the others */
	bool holds;                 /* a descriptor keeps the loop running */
	bool expired;               /* the last wait, by its own timeout */
	struct gev_list taken;      /* those that are, and were not given */
	struct gev_waiter *sleeper; /* who is parked in gev_iwait_next() */
} gev_iwait;

/*
 * gev_iwait_init - begin to take @n choices, all of them.
 *
 * From now on each is taken when it can be, also while nobody waits in
 * gev_iwait_next().  Mirrors gevent.iwait().
 *
 * Returns   0; or -1 with errno EINVAL, EPERM, and those of making a hub.
 * Memory    @it, choices and objects are the caller's, and must stay until
 *           gev_iwait_fini() or until all were given.
 */
GEV_API int gev_iwait_init(gev_iwait *it, gev_choice *choices, int n);

/*
 * gev_iwait_next - wait for the next one that is taken.
 *
 * Waits     at most @timeout.
 * Returns   its index; or -1 with errno ENOENT (all were given), ETIMEDOUT,
 *           EAGAIN (@timeout is 0 and none was taken), EINVAL, EPERM, EBUSY
 *           (another greenlet waits here), ECANCELED, a thrown code, EDEADLK,
 *           ENOMEM.  After all but ENOENT it may be called again.
 */
GEV_API int gev_iwait_next(gev_iwait *it, gev_time timeout);

/*
 * gev_iwait_fini - take no more.  Half-way or at the end; twice is harmless.
 *
 * What was taken and not yet given is marked so: see @taken.
 */
GEV_API void gev_iwait_fini(gev_iwait *it);

GEV_END_DECLS

#endif
