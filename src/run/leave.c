/* SPDX-License-Identifier: MIT */
/*
 * The end of a call by a stub, if a handler is to run behind it.  The frame for
 * that is to have all registers: so we send ourselves a SIGSYS, and put those
 * the program had in what the kernel has of us.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include "core/greenlet.h"
#include "patch/futex.h"
#include "run/engine.h"
#include "run/signals.h"


static struct {
	const struct gev__run_call *c;
	long result;
	bool pass;
} left;

/* Hands out what came; no call is to be interrupted by it any more. */
static void settle(void)
{
	gev_hub *hub = gev__hub_here();

	gev__run_distribute();
	if (hub)
		hub->thread->current->pending &= (uint8_t)~GEV__PENDING_THROW;
}

struct gev__patch_answer gev__run_leave(struct gev__run_call *c, long result,
	long pass)
{
	struct gev__run_signals *s = gev__run_signals_here();

	gev__run_inside = true;
	settle();
	left.c = c;
	left.result = result;
	left.pass = pass;
	while (gev__run_deliverable(s)) /* if it comes, it is not to here */
		gev__sys(SYS_tgkill, gev__sys(SYS_getpid),
			gev__sys(SYS_gettid), SIGSYS);
	gev__run_inside = false;
	return (struct gev__patch_answer){ result, pass };
}

/* With rbp the stub has left where it goes on, and its own call. */
static void put_registers(greg_t *g)
{
	const struct gev__run_call *c = left.c;

	g[REG_RAX] = left.pass ? c->call.nr : left.result;
	g[REG_RDI] = c->call.a[0];
	g[REG_RSI] = c->call.a[1];
	g[REG_RDX] = c->call.a[2];
	g[REG_R10] = c->call.a[3];
	g[REG_R8] = c->call.a[4];
	g[REG_R9] = c->call.a[5];
	g[REG_RBX] = c->rbx;
	g[REG_R12] = c->r12;
	g[REG_R13] = c->r13;
	g[REG_R14] = c->r14;
	g[REG_R15] = c->r15;
	g[REG_RBP] = c->frame[0];
	g[REG_RIP] = left.pass ? c->frame[2] : c->frame[1];
	g[REG_RSP] = (greg_t)(c->frame + 3) + GEV__RED_ZONE;
}

void gev__run_left(ucontext_t *uc)
{
	const struct gev__run_call *c = left.c;
	const struct gev__run_again again = { c->frame[1] - GEV__SYSCALL_SIZE,
		c->call.nr, gev__run_always_restarts(c) };
	bool restarts = !left.pass && left.result == -EINTR &&
			gev__run_restarts(c);

	put_registers(uc->uc_mcontext.gregs);
	gev__run_inside = false;
	gev__run_deliver(uc, restarts ? &again : NULL);
}

void gev__run_leave_dispatched(ucontext_t *uc, const struct gev__run_call *c)
{
	greg_t *g = uc->uc_mcontext.gregs;
	const struct gev__run_again again = { g[REG_RIP] - GEV__SYSCALL_SIZE,
		c->call.nr, gev__run_always_restarts(c) };

	settle();
	if (g[REG_RAX] == -GEV__RESTART) {
		g[REG_RAX] = again.nr;
		g[REG_RIP] = again.at;
	}
	gev__run_deliver(uc, g[REG_RAX] == -EINTR && gev__run_restarts(c) ?
		&again : NULL);
}

void gev__run_ticked(ucontext_t *uc)
{
	if (!gev__run_due || !gev__run_in_program(uc))
		return;
	settle();
	gev__run_deliver(uc, NULL);
}

/* Where a time is set for it the kernel does not go on. */
static bool is_unlimited(long fd, int option)
{
	struct timeval t = { 0 };
	socklen_t size = sizeof(t);

	return gev__sys(SYS_getsockopt, fd, SOL_SOCKET, option, &t, &size) < 0 ||
	       (t.tv_sec == 0 && t.tv_usec == 0);
}

/* libc does not know that locking such a mutex could be interrupted. */
bool gev__run_always_restarts(const struct gev__run_call *c)
{
	const int command = (int)c->call.a[1] & FUTEX_CMD_MASK;

	return c->call.nr == SYS_futex &&
	       (command == FUTEX_LOCK_PI || command == GEV__LOCK_PI2);
}

static bool futex_restarts(const long a[6])
{
	const int command = (int)a[1] & FUTEX_CMD_MASK;

	return (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) &&
	       !a[3];
}

/* signal(7) */
bool gev__run_restarts(const struct gev__run_call *c)
{
	const long *a = c->call.a;

	switch (c->call.nr) {
	case SYS_read:
	case SYS_readv:
	case SYS_accept:
	case SYS_accept4:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
		return is_unlimited(a[0], SO_RCVTIMEO);
	case SYS_write:
	case SYS_writev:
	case SYS_connect:
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg:
		return is_unlimited(a[0], SO_SNDTIMEO);
	case SYS_futex:
		return gev__run_always_restarts(c) || futex_restarts(a);
	case SYS_open:
	case SYS_openat:
	case SYS_ioctl:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_flock:
	case SYS_fcntl:
	case SYS_sendfile:
	case SYS_splice:
	case SYS_tee:
	case SYS_getrandom:
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
		return true;
	default:
		return false;
	}
}
