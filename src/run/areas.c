/* SPDX-License-Identifier: MIT */
/*
 * Of each call what we read and write ourselves, at the program's addresses.
 * All else is the kernel's business.  If it is not there, the kernel knows what
 * comes first: that, or another error.  Only what it knows nothing of is
 * answered here.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/sched.h>
#include <poll.h>
#include "base/mem.h"
#include "calls/calls.h"
#include "patch/futex.h"
#include "run/reach.h"
#include "run/signals.h"

#define AREAS 3

enum how { NONE, READ, WRITE, UPDATE };

struct area {
	uint8_t how;
	uint8_t arg;            /* where it is: the number of an argument */
	uint8_t size;
	uint8_t count;          /* and of another, by which to multiply; 0 */
	bool needed;            /* NULL is no way to do without */
};

struct areas {
	bool (*more)(const long a[6]);
	struct area area[AREAS];
	bool ours;              /* the kernel knows nothing of it */
};

#define IN(arg, type) { READ, arg, sizeof(type), 0, false }
#define OUT(arg, type) { WRITE, arg, sizeof(type), 0, false }
#define LEFT(arg, type) { UPDATE, arg, sizeof(type), 0, false }
#define NEEDED(arg, type) { READ, arg, sizeof(type), 0, true }
#define SEVERAL(how, arg, type, count) { how, arg, sizeof(type), count, false }

static bool has_words(const long a[6])
{
	const int command = (int)a[1] & FUTEX_CMD_MASK;
	const bool waits = command == FUTEX_WAIT ||
		command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI ||
		command == FUTEX_WAIT_REQUEUE_PI || command == GEV__LOCK_PI2;

	return (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET ||
		       gev__run_readable((void *)a[0], sizeof(uint32_t))) &&
	       (!waits || !a[3] ||
		       gev__run_readable((void *)a[3], sizeof(struct timespec)));
}

static bool has_sets(const long a[6])
{
	const int n = gev__select_looked_at((int)a[0]);
	const size_t size = n > 0 ? (size_t)(n + 63) / 64 * 8 : 0;

	for (int i = 1; i <= 3; i++)
		if (a[i] && !gev__run_writable((void *)a[i], size))
			return false;
	return true;
}

static bool has_mask(const long a[6])
{
	const struct gev__mask_arg *m = (const void *)a[5];

	return !m || (gev__run_readable(m, sizeof(*m)) && (!m->mask ||
		gev__run_readable(m->mask, GEV__MASK_SIZE)));
}

static bool has_sets_and_mask(const long a[6])
{
	return has_sets(a) && has_mask(a);
}

static bool has_requests(const long a[6])
{
	struct iocb **at = (struct iocb **)a[2];

	for (long i = 0; i < a[1]; i++)
		if (!gev__run_readable(&at[i], sizeof(at[i])) ||
			!gev__run_writable(at[i], sizeof(*at[i])))
			return false;
	return true;
}

static bool has_limit(const long a[6])
{
	const struct io_uring_getevents_arg *more = (const void *)a[4];

	if (!(a[3] & IORING_ENTER_EXT_ARG) || !more)
		return true;
	return gev__run_readable(more, sizeof(*more)) &&
	       (!more->ts || gev__run_readable((void *)(uintptr_t)more->ts,
				     sizeof(struct timespec)));
}

static const struct areas areas[GEV__PATCH_CALLS] = {
	[SYS_futex] = { .more = has_words },
	[SYS_futex_waitv] = { .area = { IN(3, struct timespec) } },
	[SYS_nanosleep] = { .area = { IN(0, struct timespec),
		OUT(1, struct timespec) } },
	[SYS_clock_nanosleep] = { .area = { IN(2, struct timespec),
		OUT(3, struct timespec) } },
	[SYS_poll] = { .area = { SEVERAL(WRITE, 0, struct pollfd, 1) } },
	[SYS_ppoll] = { .area = { SEVERAL(WRITE, 0, struct pollfd, 1),
		LEFT(2, struct timespec), IN(3, uint64_t) } },
	[SYS_select] = { .more = has_sets,
		.area = { LEFT(4, struct timeval) } },
	[SYS_pselect6] = { .more = has_sets_and_mask,
		.area = { LEFT(4, struct timespec) } },
	[SYS_epoll_pwait] = { .area = { IN(4, uint64_t) } },
	[SYS_epoll_pwait2] = { .area = { IN(3, struct timespec),
		IN(4, uint64_t) } },
	[SYS_readv] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_writev] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_preadv] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_pwritev] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_preadv2] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_pwritev2] = { .area = { SEVERAL(READ, 1, struct iovec, 2) } },
	[SYS_recvmsg] = { .area = { IN(1, struct msghdr) } },
	[SYS_sendmsg] = { .area = { IN(1, struct msghdr) } },
	[SYS_recvmmsg] = { .area = { OUT(4, struct timespec) } },
	[SYS_sendmmsg] = { .area = { SEVERAL(READ, 1, struct mmsghdr, 2) } },
	[SYS_wait4] = { .area = { OUT(1, int) } },
	[SYS_waitid] = { .area = { OUT(2, siginfo_t) } },
	[SYS_mq_timedsend] = { .area = { IN(4, struct timespec) } },
	[SYS_mq_timedreceive] = { .area = { IN(4, struct timespec) } },
	[SYS_semop] = { .area = { SEVERAL(READ, 1, struct sembuf, 2) } },
	[SYS_semtimedop] = { .area = { SEVERAL(READ, 1, struct sembuf, 2),
		IN(3, struct timespec) } },
	[SYS_io_getevents] = { .area = { IN(4, struct timespec) } },
	[SYS_io_pgetevents] = { .area = { IN(4, struct timespec) },
		.more = has_mask },
	[SYS_io_submit] = { .more = has_requests },
	[SYS_openat2] = { .area = { SEVERAL(READ, 2, char, 3) } },
	[SYS_io_uring_enter] = { .more = has_limit },
	[SYS_timer_create] = { .area = { IN(1, struct sigevent) } },

	[SYS_rt_sigaction] = { .area = { IN(1, struct gev__run_action),
		OUT(2, struct gev__run_action) }, .ours = true },
	[SYS_rt_sigprocmask] = { .area = { IN(1, uint64_t), OUT(2, uint64_t) },
		.ours = true },
	[SYS_sigaltstack] = { .area = { IN(0, stack_t), OUT(1, stack_t) },
		.ours = true },
	[SYS_rt_sigpending] = { .area = { OUT(0, uint64_t) }, .ours = true },
	[SYS_rt_sigsuspend] = { .area = { NEEDED(0, uint64_t) }, .ours = true },
	[SYS_rt_sigtimedwait] = { .area = { NEEDED(0, uint64_t),
		OUT(1, siginfo_t), IN(2, struct timespec) }, .ours = true },
	[SYS_rt_tgsigqueueinfo] = { .area = { NEEDED(3, siginfo_t) },
		.ours = true },
	[SYS_clone3] = { .area = { SEVERAL(READ, 0, char, 1) }, .ours = true },
};

static bool reaches(const struct area *area, const long a[6])
{
	const size_t n = area->count ? (size_t)(unsigned)a[area->count] : 1;
	void *at = (void *)a[area->arg];

	if (!at && !area->needed && !area->count)
		return true;
	return area->how == READ ? gev__run_readable(at, n * area->size) :
				   gev__run_writable(at, n * area->size);
}

bool gev__run_reaches(const struct gev__run_call *c)
{
	const struct areas *all = &areas[c->call.nr];

	if (all->more && !all->more(c->call.a))
		return false;
	for (int i = 0; i < AREAS && all->area[i].how; i++)
		if (!reaches(&all->area[i], c->call.a))
			return false;
	return true;
}

/* A time of which nobody can be told how much of it is left. */
static const struct area *find_constant(const struct gev__run_call *c)
{
	const struct area *area = areas[c->call.nr].area;

	for (int i = 0; i < AREAS; i++)
		if (area[i].how == UPDATE && !reaches(&area[i], c->call.a) &&
			gev__run_readable((void *)c->call.a[area[i].arg],
				area[i].size))
			return &area[i];
	return NULL;
}

struct gev__patch_answer gev__run_out_of_reach(struct gev__run_call *c)
{
	const struct area *area = find_constant(c);
	struct gev__patch_answer answer = { -EFAULT,
		!areas[c->call.nr].ours };
	struct timespec t;
	long at;

	if (!area)
		return answer;
	at = c->call.a[area->arg];
	gev__copy(&t, (const void *)at, sizeof(t));
	c->call.a[area->arg] = (long)&t;
	answer = gev__run_dispatch(c);
	c->call.a[area->arg] = at;
	return answer;
}
