/* SPDX-License-Identifier: MIT */
/* What the tests of processes and files share. */
#ifndef TESTS_OS_OS_H
#define TESTS_OS_OS_H

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gev.h>
#include "base/inject.h"
#include "t.h"

/* From now on @nr answers @error. */
static T_UNUSED void inject(long nr, int error)
{
	gev__inject = (struct gev__inject){ .nr = nr, .error = -error,
		.times = -1 };
}

static T_UNUSED void inject_nothing(void)
{
	gev__inject = (struct gev__inject){ .nr = -1 };
}

static T_UNUSED int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Whether this process has no child, a zombie neither. */
static T_UNUSED bool childless(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
	       errno == ECHILD;
}

static T_UNUSED intptr_t note_once(void *what)
{
	t_log("%s ", (const char *)what);
	return 0;
}

/*
 * Where vfork(2) is a fork, which shares no memory and is not waited for: the
 * program may not have begun yet, and no error comes back.
 */
static T_UNUSED bool spawn_waits(void)
{
	if (!t_under("valgrind") && !t_under("qemu"))
		return true;
	t_skip("posix_spawn(3) does not wait here");
	return false;
}

/* What is to be seen in the log if others run during a wait. */
static T_UNUSED void go_note(const char *what)
{
	t_eq(gev_go(note_once, (void *)what), 0);
}

#endif
