/* SPDX-License-Identifier: MIT */
/*
 * Who called, asked at each instruction between a caught system call and what
 * answers it; and what unwinds through such a call.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include "patch/dispatch.h"
#include "patch/patch.h"
#include "patch/probe.h"

#define FRAMES 64

#if defined(__aarch64__)
#define PC(u) ((u)->uc_mcontext.pc)
#define TRAP_SIZE 4
static const uint8_t trap[TRAP_SIZE] = { 0 };

static size_t length_at(uintptr_t at, uintptr_t end)
{
	(void)at;
	(void)end;
	return 4;
}
#else
#include "patch/decode.h"
#define PC(u) ((u)->uc_mcontext.gregs[REG_RIP])
#define TRAP_SIZE 2
static const uint8_t trap[TRAP_SIZE] = { 0x0f, 0x0b };

static size_t length_at(uintptr_t at, uintptr_t end)
{
	struct gev__insn insn;

	return gev__decode(at, end, &insn) ? insn.length : end - at;
}
#endif

struct trace {
	uintptr_t ip[FRAMES];
	int n;
};

static struct {
	uintptr_t at;
	uint8_t saved[TRAP_SIZE];
	struct trace trace;          /* from there on */
	bool seen;
} stop;

static struct trace callers; /* of probe() */

static _Unwind_Reason_Code see_frame(struct _Unwind_Context *context, void *arg)
{
	struct trace *t = arg;

	if (t->n < FRAMES)
		t->ip[t->n++] = _Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static void write_code(uintptr_t at, const uint8_t *bytes, size_t size)
{
	void *page = (void *)(at & -(uintptr_t)GEV__PAGE);

	mprotect(page, GEV__PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy((void *)at, bytes, size);
	mprotect(page, GEV__PAGE, PROT_READ | PROT_EXEC);
	__builtin___clear_cache((char *)at, (char *)at + size);
}

static void on_stop(int signum, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	struct trace t = { .n = 0 };
	int i = 0;

	(void)signum;
	(void)info;
	write_code(stop.at, stop.saved, TRAP_SIZE);
	PC(u) = (__typeof__(PC(u)))stop.at;
	_Unwind_Backtrace(see_frame, &t);
	while (i < t.n && t.ip[i] != stop.at)
		i++;
	stop.trace.n = t.n - i;
	memcpy(stop.trace.ip, &t.ip[i], sizeof(*t.ip) * (size_t)stop.trace.n);
	stop.seen = true;
}

/* Always from the same place. */
static __attribute__((noinline)) void call_probe(void)
{
	static const struct timespec little = { .tv_nsec = 1 };
	struct registers before, after;

	memset(&before, 0, sizeof(before));
	before.general[FIRST] = (uintptr_t)&little;
	probe(&before, &after);
	t_eq(after.general[RESULT], 0);
}

/* Whether somebody came by at @at. */
static __attribute__((noinline)) bool look_at(uintptr_t at)
{
	stop.at = at;
	stop.seen = false;
	memcpy(stop.saved, (void *)at, TRAP_SIZE);
	write_code(at, trap, TRAP_SIZE);
	call_probe();
	if (!stop.seen)
		write_code(at, stop.saved, TRAP_SIZE);
	return stop.seen;
}

/* The site, or what is behind it, follows after @skip frames; then the two. */
static bool shows_callers(int skip)
{
	const struct trace *t = &stop.trace;
	uintptr_t site = probe_site->at;

	return t_ok(t->n > skip + 4) && t_ok(t->ip[skip + 1] - site <= 4) &&
	       t_ok(t->ip[skip + 2] == callers.ip[1]) &&
	       t_ok(t->ip[skip + 3] == callers.ip[2]);
}

/* Every instruction; how many of them were run. */
static int look_through(uintptr_t from, uintptr_t to)
{
	int n = 0;

	for (uintptr_t at = from; at < to; at += length_at(at, to)) {
		if (!look_at(at))
			continue;
		n++;
		if (!shows_callers(0))
			printf("# at %lu\n", (unsigned long)(at - from));
	}
	return n;
}

static int take_enter(uintptr_t start, uintptr_t end, void *arg)
{
	*(uintptr_t *)arg = end;
	return start == (uintptr_t)gev__patch_enter;
}

static uintptr_t end_of_enter(void)
{
	const char *why = NULL;
	uintptr_t end = 0;

	t_eq(gev__object_functions(&probe_sites.object, take_enter, &end, &why),
		1);
	return end;
}

static void look_everywhere(void)
{
	uintptr_t stub = (uintptr_t)probe_site->stub;
	uintptr_t enter = (uintptr_t)gev__patch_enter;

	t_ok(look_through(stub, stub + 48) >= 6);
	t_ok(look_through(enter, end_of_enter()) >= 8);
}

static void of_a_call_that_passes(void)
{
	look_everywhere();
}

static void of_a_call_that_is_answered(void)
{
	if (!patch(GEV_PATCH_ALL))
		return;
	look_everywhere();
	t_ok(look_at((uintptr_t)gev__patch_dispatch));
	shows_callers(1);
	t_eq(gev_unpatch_all(), 0);
}

static int fds[2], cleaned;

static void clean(void *arg)
{
	cleaned += *(int *)arg;
}

/* It blocks in the kernel, below a frame that has something to clean up. */
static void *read_and_clean(void *arg)
{
	__attribute__((cleanup(clean))) T_UNUSED int here = 1;
	char c;

	(void)arg;
	pthread_cleanup_push(clean, &(int){ 10 });
	if (read(fds[0], &c, 1) == 1)
		pthread_exit("left");
	pthread_cleanup_pop(0);
	return NULL;
}

static void *result_of_reader(bool cancel)
{
	void *result = NULL;
	pthread_t thread;

	cleaned = 0;
	t_eq(pipe(fds), 0);
	t_eq(pthread_create(&thread, NULL, read_and_clean, NULL), 0);
	usleep(10000);
	if (cancel)
		t_eq(pthread_cancel(thread), 0);
	else
		t_eq(write(fds[1], "x", 1), 1);
	t_eq(pthread_join(thread, &result), 0);
	close(fds[0]);
	close(fds[1]);
	return result;
}

static void threads_are_cancelled_in_calls(void)
{
	if (!patch(GEV_PATCH_ALL))
		return;
	t_ok(result_of_reader(true) == PTHREAD_CANCELED);
	t_eq(cleaned, 11);
	t_eq(gev_unpatch_all(), 0);
}

static void threads_exit_behind_calls(void)
{
	if (!patch(GEV_PATCH_ALL))
		return;
	t_str(result_of_reader(false), "left");
	t_eq(cleaned, 11);
	t_eq(gev_unpatch_all(), 0);
}

static void of_the_function_itself(void)
{
	struct sigaction action = { .sa_sigaction = on_stop,
		.sa_flags = SA_SIGINFO };

	if (!patch(GEV_PATCH_ALL))
		return;
	t_eq(gev_unpatch_all(), 0);
	t_eq(sigaction(SIGILL, &action, NULL), 0);
	if (!patch_probe() || !t_ok(look_at((uintptr_t)probe)))
		return;
	callers = stop.trace;
	t_ok(callers.n > 3);
}

int main(void)
{
	T_RUN(of_the_function_itself);
	if (t_skipped || t_failed_cases)
		return t_done();
	T_RUN(of_a_call_that_passes);
	T_RUN(of_a_call_that_is_answered);
	T_RUN(threads_are_cancelled_in_calls);
	T_RUN(threads_exit_behind_calls);
	return t_done();
}
