/* SPDX-License-Identifier: MIT */
/* Messages and semaphores of System V, and message queues of POSIX. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include "base/mem.h"
#include "calls/descriptor.h"
#include "run/call.h"
#include "run/ghost.h"
#include "run/insist.h"

/* All together: who waits is few. */
static struct gev_list waiters = { &waiters, &waiters };

/* What was done may be what others wait for. */
static long did(long r)
{
	if (r >= 0)
		gev__run_try_again(&waiters);
	return r;
}

static long again(const struct gev__run_call *c, gev__run_attempt *attempt)
{
	const struct gev__run_insist i = { .attempt = attempt,
		.arg = (void *)c->call.a,
		.timeout = GEV_FOREVER,
		.among = &waiters,
		.gone = -EIDRM,
		.fd = -1 };

	return did(gev__run_insist(&i));
}

/* One that does not wait. */
static long once(const struct gev__run_call *c)
{
	const long *a = c->call.a;

	return did(gev__sys_raw(c->call.nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}

long gev__run_ipc_control(struct gev__run_call *c)
{
	return once(c);
}

static long receive(void *arg)
{
	const long *a = arg;
	long r = gev__sys(SYS_msgrcv, a[0], a[1], a[2], a[3],
		a[4] | IPC_NOWAIT);

	return r == -ENOMSG ? -EAGAIN : r;
}

long gev__run_msgrcv(struct gev__run_call *c)
{
	return c->call.a[4] & IPC_NOWAIT ? once(c) : again(c, receive);
}

static long send(void *arg)
{
	const long *a = arg;

	return gev__sys(SYS_msgsnd, a[0], a[1], a[2], a[3] | IPC_NOWAIT);
}

long gev__run_msgsnd(struct gev__run_call *c)
{
	return c->call.a[3] & IPC_NOWAIT ? once(c) : again(c, send);
}

#define OPS_MAX 500 /* SEMOPM, if nobody changed it */

struct operate {
	long set;
	const struct sembuf *wanted;
	struct sembuf *ops;      /* the same, none of which waits */
	size_t n;
	bool mixed;              /* some of them were not to wait anyway */
	bool stopped;            /* by one of those */
};

/* Whether the first that can't be done must not wait. */
static bool stops(const struct operate *o, const unsigned short *values,
	unsigned long n)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct sembuf *op = &o->wanted[i];
		int value = op->sem_num < n ? values[op->sem_num] : 0;

		for (size_t k = 0; k < i; k++)
			if (o->wanted[k].sem_num == op->sem_num)
				value += o->wanted[k].sem_op;
		if (op->sem_op ? value + op->sem_op < 0 : value != 0)
			return op->sem_flg & IPC_NOWAIT;
	}
	return false;
}

/* The kernel does not say which of them it was that it could not do. */
static bool is_to_stop(const struct operate *o)
{
	struct semid_ds ds;
	unsigned short *values;
	bool r;

	if (gev__sys(SYS_semctl, o->set, 0, IPC_STAT, &ds) < 0)
		return false;
	values = gev__alloc(ds.sem_nsems * sizeof(*values));
	if (!values)
		return false;
	r = gev__sys(SYS_semctl, o->set, 0, GETALL, values) == 0 &&
	    stops(o, values, ds.sem_nsems);
	gev__free(values, ds.sem_nsems * sizeof(*values));
	return r;
}

static long operate(void *arg)
{
	struct operate *o = arg;
	long r = gev__sys(SYS_semop, o->set, o->ops, o->n);

	o->stopped = r == -EAGAIN && o->mixed && is_to_stop(o);
	return o->stopped ? -ECANCELED : r;
}

static size_t count_stops(const struct sembuf *ops, size_t n)
{
	size_t stops = 0;

	for (size_t i = 0; i < n; i++)
		stops += (ops[i].sem_flg & IPC_NOWAIT) != 0;
	return stops;
}

static long insist(const struct gev__run_call *c, struct operate *o,
	gev_time timeout)
{
	const struct gev__run_insist i = { .attempt = operate,
		.arg = o,
		.timeout = timeout,
		.among = &waiters,
		.gone = -EIDRM,
		.fd = -1 };
	const size_t size = o->n * sizeof(*o->ops);
	long r;

	o->ops = gev__alloc(size);
	if (!o->ops)
		return once(c);
	gev__copy(o->ops, o->wanted, size);
	for (size_t k = 0; k < o->n; k++)
		o->ops[k].sem_flg |= IPC_NOWAIT;
	r = gev__run_insist(&i);
	gev__free(o->ops, size);
	return o->stopped ? -EAGAIN : did(r);
}

static long sem(const struct gev__run_call *c, gev_time timeout)
{
	const long *a = c->call.a;
	struct operate o = { .set = a[0], .wanted = (const void *)a[1],
		.n = (size_t)a[2] };
	size_t stops;

	if (o.n == 0 || o.n > OPS_MAX)
		return GEV__PASS;
	stops = count_stops(o.wanted, o.n);
	o.mixed = stops > 0;
	return stops == o.n ? once(c) : insist(c, &o, timeout);
}

long gev__run_semop(struct gev__run_call *c)
{
	return sem(c, GEV_FOREVER);
}

long gev__run_semtimedop(struct gev__run_call *c)
{
	gev_time timeout;
	long r = gev__duration((const void *)c->call.a[3], &timeout);

	return r < 0 ? r : sem(c, timeout);
}

static gev_time until(const struct timespec *end)
{
	struct timespec now;
	gev_time t, n;

	gev__duration(end, &t);
	if (t == GEV_FOREVER)
		return t;
	gev__sys(SYS_clock_gettime, CLOCK_REALTIME, &now);
	gev__duration(&now, &n);
	return t > n ? t - n : 0;
}

/* In time long past: a queue that would have it wait says so at once. */
static long at_once(const struct gev__patch_call *c, int fd)
{
	const struct timespec past = { 0, 0 };

	return gev__sys(c->nr, fd, c->a[1], c->a[2], c->a[3], &past);
}

static long transfer(void *arg)
{
	const struct gev__patch_call *c = arg;
	long r = at_once(c, gev__run_fd_now((int)c->a[0]));

	return r == -ETIMEDOUT ? -EAGAIN : r;
}

/* One that is O_NONBLOCK says EAGAIN, and is asked once. */
static long mq(struct gev__run_call *c, short events)
{
	const struct timespec *end = (const void *)c->call.a[4];
	struct gev__run_insist i = { .attempt = transfer,
		.arg = &c->call,
		.fd = (int)c->call.a[0],
		.events = events };
	long r = gev__duration(end, &i.timeout);

	if (r < 0)
		return GEV__PASS;
	r = at_once(&c->call, i.fd);
	if (r != -ETIMEDOUT)
		return r;
	i.timeout = until(end);
	r = gev__run_insist(&i);
	return r == -EAGAIN ? -ETIMEDOUT : r;
}

long gev__run_mq_send(struct gev__run_call *c)
{
	return mq(c, POLLOUT);
}

long gev__run_mq_receive(struct gev__run_call *c)
{
	return mq(c, POLLIN);
}
