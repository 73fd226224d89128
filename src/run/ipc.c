/* SPDX-License-Identifier: MIT */
/* Messages and semaphores of System V, and message queues of POSIX. */
#include <fcntl.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include "base/mem.h"
#include "calls/descriptor.h"
#include "run/call.h"
#include "run/ghost.h"
#include "run/insist.h"

static long again(const struct gev__run_call *c, gev__run_attempt *attempt)
{
	const struct gev__run_insist i = { .attempt = attempt,
		.arg = (void *)c->call.a,
		.timeout = GEV_FOREVER,
		.pause = GEV__PAUSE_MAX,
		.fd = -1 };

	return gev__run_insist(&i);
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
	return c->call.a[4] & IPC_NOWAIT ? GEV__PASS : again(c, receive);
}

static long send(void *arg)
{
	const long *a = arg;

	return gev__sys(SYS_msgsnd, a[0], a[1], a[2], a[3] | IPC_NOWAIT);
}

long gev__run_msgsnd(struct gev__run_call *c)
{
	return c->call.a[3] & IPC_NOWAIT ? GEV__PASS : again(c, send);
}

#define OPS_MAX 500 /* SEMOPM, if nobody changed it */

struct operate {
	long set;
	struct sembuf *ops;
	size_t n;
};

static long operate(void *arg)
{
	const struct operate *o = arg;

	return gev__sys(SYS_semop, o->set, o->ops, o->n);
}

/* One that must not wait is told from the others by the kernel alone. */
static bool may_wait(const struct sembuf *ops, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i].sem_flg & IPC_NOWAIT)
			return false;
	return n > 0 && n <= OPS_MAX;
}

static long sem(const long a[6], gev_time timeout)
{
	struct operate o = { .set = a[0], .n = (size_t)a[2] };
	const struct gev__run_insist i = { .attempt = operate,
		.arg = &o,
		.timeout = timeout,
		.pause = GEV__PAUSE_MAX,
		.fd = -1 };
	const size_t size = o.n * sizeof(*o.ops);
	long r;

	if (!may_wait((const void *)a[1], o.n))
		return GEV__PASS;
	o.ops = gev__alloc(size);
	if (!o.ops)
		return GEV__PASS;
	gev__copy(o.ops, (const void *)a[1], size);
	for (size_t k = 0; k < o.n; k++)
		o.ops[k].sem_flg |= IPC_NOWAIT;
	r = gev__run_insist(&i);
	gev__free(o.ops, size);
	return r;
}

long gev__run_semop(struct gev__run_call *c)
{
	return sem(c->call.a, GEV_FOREVER);
}

long gev__run_semtimedop(struct gev__run_call *c)
{
	gev_time timeout;
	long r = gev__duration((const void *)c->call.a[3], &timeout);

	return r < 0 ? r : sem(c->call.a, timeout);
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
static long transfer(void *arg)
{
	const struct gev__patch_call *c = arg;
	const struct timespec past = { 0, 0 };
	long r = gev__sys(c->nr, gev__run_fd_now((int)c->a[0]), c->a[1],
		c->a[2], c->a[3], &past);

	return r == -ETIMEDOUT ? -EAGAIN : r;
}

/* One that is O_NONBLOCK says EAGAIN itself, and would for ever. */
static long mq(struct gev__run_call *c, short events)
{
	const struct timespec *end = (const void *)c->call.a[4];
	struct gev__run_insist i = { .attempt = transfer,
		.arg = &c->call,
		.fd = (int)c->call.a[0],
		.events = events };
	long flags = gev__sys(SYS_fcntl, i.fd, F_GETFL);
	long r = gev__duration(end, &i.timeout);

	if (r < 0 || flags < 0 || flags & O_NONBLOCK)
		return GEV__PASS;
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
