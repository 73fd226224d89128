/* SPDX-License-Identifier: MIT */
/*
 * Has all calls of a program with one thread caught: makes a process before
 * main() begins, which with the word "eager" in GEV_RUN suffices.
 */
#include <sys/wait.h>
#include <unistd.h>

__attribute__((constructor)) static void start(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}
