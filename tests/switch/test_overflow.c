/* SPDX-License-Identifier: MIT */
/*
 * The report of a stack overflow, and that nothing else is touched.  Each in a
 * child, which dies; this process never makes a coroutine.
 */
#include "t.h"
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gev/coro.h>
#include "base/inject.h"
#include "base/sys.h"
#include "switch/switch.h"

/* What a child wrote to stderr, and how it ended. */
struct last_words {
	char text[4096];
	int status;
};

static void run_child(void (*fn)(void), struct last_words *words)
{
	int ends[2];
	size_t size = 0;
	ssize_t n = pipe(ends);
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], words->text + size,
		sizeof(words->text) - 1 - size)) > 0)
		size += n;
	words->text[size] = '\0';
	close(ends[0]);
	waitpid(pid, &words->status, 0);
}

static bool ended_by_fault(const struct last_words *words)
{
	return WIFSIGNALED(words->status) &&
		WTERMSIG(words->status) == SIGSEGV;
}

static volatile bool forever = true;

static int __attribute__((noinline)) deeper(int n)
{
	volatile char area[200];

	area[0] = n;
	return forever ? deeper(n + 1) + area[0] : 0;
}

static void *without_end(void *value)
{
	return (void *)(intptr_t)deeper((intptr_t)value);
}

static void overflow(void)
{
	gev_coro_switch(gev_coro_new(without_end, NULL), NULL);
}

static const char *lives_here(const gev_coro *c)
{
	return c ? "lives here" : NULL;
}

static void overflow_named(void)
{
	gev__stack_name = lives_here;
	overflow();
}

static void overflow_protected(void)
{
	gev__inject = (struct gev__inject){ SYS_madvise, -EINVAL, 0, -1, 0 };
	overflow();
}

static void *overflow_in_thread(void *arg)
{
	overflow();
	return arg;
}

static void overflow_threaded(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, overflow_in_thread, NULL);
	pthread_join(thread, NULL);
}

static void wild_pointer(void)
{
	volatile int *volatile nowhere = NULL;

	gev_coro_current();
	*nowhere = 1;
}

static void sent_signal(void)
{
	gev_coro_current();
	raise(SIGSEGV);
}

/* The sanitizers have handlers of their own. */
static bool not_ours(void)
{
	if (GEV__FIBERS)
		t_skip("sanitizers catch SIGSEGV themselves");
	return GEV__FIBERS;
}

static void overflow_is_reported(void)
{
	static void (*const ways[])(void) = { overflow, overflow_protected,
		overflow_threaded };
	struct last_words words;
	char *report;
	void *c, *low;
	int end;

	if (not_ours())
		return;
	for (int i = 0; i < 3; i++) {
		run_child(ways[i], &words);
		t_ok(ended_by_fault(&words));
		report = strstr(words.text, "gev: stack");
		end = 0;
		t_ok(report && sscanf(report, "gev: stack overflow in "
			"coroutine %p (65536 bytes at %p); give it a larger "
			"stack_size\n%n", &c, &low, &end) == 2);
		t_ok(end > 0);
	}
}

static void overflow_report_has_the_name(void)
{
	struct last_words words;

	if (not_ours())
		return;
	run_child(overflow_named, &words);
	t_ok(ended_by_fault(&words));
	t_ok(strstr(words.text, "gev: stack overflow in greenlet "
		"\"lives here\" (65536 bytes at 0x") != NULL);
}

static void other_faults_are_not_reported(void)
{
	struct last_words words;

	if (not_ours())
		return;
	run_child(wild_pointer, &words);
	t_ok(ended_by_fault(&words));
	t_ok(!strstr(words.text, "gev:"));
	run_child(sent_signal, &words);
	t_ok(ended_by_fault(&words));
	t_ok(!strstr(words.text, "gev:"));
}

static void own_handler(int sig)
{
	_exit(sig == SIGSEGV ? 7 : 1);
}

static void keep_own_handler(void)
{
	signal(SIGSEGV, own_handler);
	gev_coro_current();
	raise(SIGSEGV);
}

static void keep_own_signal_stack(void)
{
	static char area[64 << 10];
	stack_t mine = { .ss_sp = area, .ss_size = sizeof(area) };
	stack_t now;

	sigaltstack(&mine, NULL);
	gev_coro_current();
	gev__thread_free();
	sigaltstack(NULL, &now);
	_exit(now.ss_sp == area ? 7 : 1);
}

static void programs_own_choices_are_kept(void)
{
	struct last_words words;

	run_child(keep_own_handler, &words);
	t_ok(WIFEXITED(words.status) && WEXITSTATUS(words.status) == 7);
	run_child(keep_own_signal_stack, &words);
	t_ok(WIFEXITED(words.status) && WEXITSTATUS(words.status) == 7);
}

int main(void)
{
	T_RUN(programs_own_choices_are_kept);
	T_RUN(overflow_is_reported);
	T_RUN(overflow_report_has_the_name);
	T_RUN(other_faults_are_not_reported);
	return t_done();
}
