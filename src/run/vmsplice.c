/* SPDX-License-Identifier: MIT */
/* Pages of the program into a pipe, or what is in one into its memory. */
#include <fcntl.h>
#include <poll.h>
#include "base/sys.h"
#include "run/call.h"
#include "run/ghost.h"
#include "run/insist.h"

static long vmsplice_at_once(void *arg)
{
	const long *a = arg;

	return gev__sys(SYS_vmsplice, gev__run_fd_now((int)a[0]), a[1], a[2],
		a[3] | SPLICE_F_NONBLOCK);
}

/* O_NONBLOCK is nothing to it. */
long gev__run_vmsplice(struct gev__run_call *c)
{
	const int fd = (int)c->call.a[0];
	const long flags = gev__sys(SYS_fcntl, fd, F_GETFL);
	const bool reads = (flags & O_ACCMODE) == O_RDONLY;
	const struct gev__run_insist i = { .attempt = vmsplice_at_once,
		.arg = c->call.a,
		.timeout = GEV_FOREVER,
		.fd = fd,
		.events = reads ? POLLIN : POLLOUT };

	if (flags < 0 || c->call.a[3] & SPLICE_F_NONBLOCK)
		return GEV__PASS;
	return gev__run_insist(&i);
}
