/* SPDX-License-Identifier: MIT */
/*
 * Backtraces from inside a coroutine end at its entry: gdb's, and the
 * unwinder's that exceptions and profilers use.
 *
 * gdb debugs this very program, started with an argument.
 */
#include "t.h"
#include <execinfo.h>
#include <stdlib.h>
#include <unistd.h>
#include <gev/coro.h>

/* The outermost function: ours, or what is below libc's makecontext(). */
#ifdef GEV_SWITCH_UCONTEXT
#define ENTRY " 0x0000000000000000 in ?? ()"
#else
#define ENTRY " in start ()"
#endif

static const char *self;

__attribute__((noinline)) void stop_here(void);

void stop_here(void)
{
	__asm__ volatile("");
}

static __attribute__((noinline)) void *inner(void *value)
{
	stop_here();
	return value;
}

static __attribute__((noinline)) void *outer(void *value)
{
	value = inner(value);
	stop_here();
	return value;
}

/* What gdb says, at most @size - 1 bytes of it, from a break at @where. */
static void ask_gdb(const char *where, char *answer, size_t size)
{
	char command[512];
	size_t n;
	FILE *f;

	snprintf(command, sizeof(command), "gdb -nx -batch -ex 'break %s' "
		"-ex run -ex backtrace --args %s inside 2>&1", where, self);
	f = popen(command, "r");
	n = f ? fread(answer, 1, size - 1, f) : 0;
	answer[n] = '\0';
	if (f)
		pclose(f);
}

static bool gdb_works(void)
{
	char answer[16384];

	ask_gdb("main", answer, sizeof(answer));
	if (strstr(answer, "gdb: not found"))
		t_skip("gdb is not installed");
	else if (!strstr(answer, "Breakpoint 1, "))
		t_skip("gdb can't run programs here");
	else
		return true;
	return false;
}

/* The last line that begins with a frame number. */
static char *last_frame(char *answer)
{
	char *last = NULL;

	for (char *line = strtok(answer, "\n"); line; line = strtok(NULL, "\n"))
		if (line[0] == '#')
			last = line;
	return last;
}

static void ends_cleanly_in_gdb(void)
{
	char answer[16384];
	char *last;

	if (!gdb_works())
		return;
	ask_gdb("stop_here", answer, sizeof(answer));
	t_ok(strstr(answer, " in inner (") != NULL);
	t_ok(strstr(answer, " in outer (") != NULL);
	t_ok(!strstr(answer, "corrupt stack"));
	t_ok(!strstr(answer, "Backtrace stopped"));
	t_ok(!strstr(answer, " in main ("));
	last = last_frame(answer);
	t_ok(last && strstr(last, ENTRY));
}

static void *unwind(void *value)
{
	void *frames[64];
	int n = backtrace(frames, 64);

	t_ok(n > 2 && n < 12);
	return value;
}

static void ends_cleanly_in_the_unwinder(void)
{
	gev_coro *c = gev_coro_new(unwind, NULL);

	gev_coro_switch(c, NULL);
	t_ok(gev_coro_dead(c));
	t_eq(gev_coro_free(c), 0);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		gev_coro_switch(gev_coro_new(outer, NULL), NULL);
		return 0;
	}
	self = argv[0];
	T_RUN(ends_cleanly_in_gdb);
	T_RUN(ends_cleanly_in_the_unwinder);
	return t_done();
}
