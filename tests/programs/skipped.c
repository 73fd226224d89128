/* SPDX-License-Identifier: MIT */
/* Calls of its own, while a timer's signal may come at any moment. */
#include <signal.h>
#include <sys/wait.h>
#include "program.h"

#define TIMES 5000

static void *nothing(void *arg)
{
	return arg;
}

static long call(long nr)
{
#ifdef __x86_64__
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(nr) : "rcx", "r11", "memory");
	return r;
#else
	return syscall(nr);
#endif
}

static _Noreturn void disturb(pid_t parent)
{
	const siginfo_t info = { .si_signo = SIGSYS, .si_code = SI_TIMER };
	const struct timespec t = { 0, 1000 };

	for (int i = 0; i < TIMES; i++) {
		syscall(SYS_rt_tgsigqueueinfo, parent, parent, SIGSYS, &info);
		nanosleep(&t, NULL);
	}
	_exit(0);
}

int main(void)
{
	const pid_t self = getpid();
	bool right = true;
	pid_t child;

	signal(SIGSYS, SIG_IGN);
	finish(begin(nothing, NULL));
	child = fork();
	if (child == 0)
		disturb(self);
	while (waitpid(child, NULL, WNOHANG) == 0)
		for (int i = 0; i < 1000; i++)
			right &= call(SYS_getpid) == self;
	say(right, "each call is made");
	return 0;
}
