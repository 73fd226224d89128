/* SPDX-License-Identifier: MIT */
/*
 * An ordinary program's answers to what the freestanding layers ask for.
 */
#include "base/host.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/hub.h"
#include "libev/backend.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static int failed;

int *gev__host_errno(void)
{
	return &errno;
}

static void thread_exit(void *arg)
{
	(void)arg;
	gev__thread_exit();
}

static void init(void)
{
	failed = pthread_key_create(&at_exit, thread_exit);
	if (!failed)
		failed = pthread_atfork(NULL, NULL, gev__forked);
}

int gev__host_attach(void)
{
	int r = pthread_once(&once, init);

	if (!r)
		r = failed;
	if (!r)
		r = pthread_setspecific(at_exit, &at_exit);
	return -r;
}

const char *gev__host_loop(void)
{
	return secure_getenv("GEV_LOOP");
}

const struct gev__backend *gev__host_backend(void)
{
	return gev__libev;
}

int gev__host_fd(int fd)
{
	return fd;
}

long gev__host_fork(void)
{
	int saved = errno;
	long pid = fork();

	if (pid < 0)
		pid = -errno;
	errno = saved;
	return pid;
}

_Noreturn void gev__host_exit(int status)
{
	exit(status);
}
