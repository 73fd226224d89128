/* SPDX-License-Identifier: MIT */
/* What base/host.h asks for, in a program that is run. */
#include "base/host.h"
#include <errno.h>
#include <stddef.h>
#include "base/sys.h"

int *gev__host_errno(void)
{
	return &errno;
}

/* The program's one kernel thread ends with the process; forks are caught. */
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

long gev__host_fork(void)
{
	return -ENOSYS;
}

_Noreturn void gev__host_exit(int status)
{
	for (;;)
		gev__sys(SYS_exit_group, status);
}
