/* SPDX-License-Identifier: MIT */
/*
 * without CALL[:ERROR],... PROGRAM [ARGUMENT...] - on a kernel that lacks it.
 *
 * What PROGRAM and its children are told of those calls is ENOSYS, or EPERM, as
 * container engines have it.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned nr;
} calls[] = {
	{ "clone3", 435 },
	{ "close_range", 436 },
	{ "epoll_pwait2", 441 },
	{ "eventfd2", SYS_eventfd2 },
	{ "futex_waitv", 449 },
	{ "io_uring_setup", 425 },
	{ "membarrier", SYS_membarrier },
	{ "memfd_create", SYS_memfd_create },
	{ "pidfd_open", 434 },
	{ "preadv2", SYS_preadv2 },
	{ "pwritev2", SYS_pwritev2 },
	{ "rseq", 334 },
	{ "set_robust_list", SYS_set_robust_list },
	{ "signalfd4", SYS_signalfd4 },
	{ "timer_create", SYS_timer_create },
};

#define CALLS (sizeof(calls) / sizeof(*calls))

/* For each two instructions; before them one, and one after. */
static struct sock_filter filter[2 * CALLS + 2] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
};
static unsigned short length = 1;

static void deny(unsigned nr, unsigned error)
{
	const struct sock_filter pair[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	};

	if (length + 2u >= sizeof(filter) / sizeof(*filter))
		exit(125);
	memcpy(filter + length, pair, sizeof(pair));
	length += 2;
}

static void deny_by_name(char *what)
{
	char *how = strchr(what, ':');

	if (how)
		*how = '\0';
	for (size_t i = 0; i < CALLS; i++)
		if (strcmp(calls[i].name, what) == 0) {
			deny(calls[i].nr, how ? EPERM : ENOSYS);
			return;
		}
	fprintf(stderr, "without: what is %s?\n", what);
	exit(125);
}

static int put_on(void)
{
	const struct sock_filter last =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .filter = filter };

	filter[length++] = last;
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 125;
	for (char *what = strtok(argv[1], ","); what; what = strtok(NULL, ","))
		deny_by_name(what);
	if (put_on() < 0) {
		perror("without: seccomp");
		return 77;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 125;
}
