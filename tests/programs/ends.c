/* SPDX-License-Identifier: MIT */
/* How a program ends, by what its argument asks for. */
#include <signal.h>
#include "program.h"

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *exit_here(void *arg)
{
	exit((int)(intptr_t)arg);
}

static void at_exit(void)
{
	puts("atexit");
}

static void *crash(void *arg)
{
	*(volatile int *)arg = 1;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";

	atexit(at_exit);
	begin(wait_for_ever, NULL);
	if (!strcmp(how, "return"))
		return 17;
	if (!strcmp(how, "exit"))
		finish(begin(exit_here, (void *)18));
	if (!strcmp(how, "_exit"))
		_exit(19);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "crash"))
		finish(begin(crash, NULL));
	return 1;
}
