/* SPDX-License-Identifier: MIT */
/* What base/host.h asks for, in a world of one thread that never forks. */
#include "base/host.h"
#include "base/sys.h"
#include <errno.h>
#include <stddef.h>

int *gev__host_errno(void)
{
	static int error;

	return &error;
}

int gev__host_attach(void)
{
	return 0;
}

const char *gev__host_loop(void)
{
	return "epoll";
}

const struct gev__backend *gev__host_backend(void)
{
	return NULL;
}

int gev__host_fd(int fd)
{
	return fd;
}

long gev__host_fork(void)
{
	return -ENOSYS;
}

_Noreturn void gev__host_exit(int status)
{
	for (;;)
		gev__sys(SYS_exit_group, status);
}
