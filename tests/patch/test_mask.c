/* SPDX-License-Identifier: MIT */
/* The signals that a greenlet blocks are its own business. */
#include <gev/greenlet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "patch/full.h"

static int signals;

static void on_signal(int signum)
{
	(void)signum;
	signals++;
}

static bool blocks(int signum)
{
	sigset_t set;

	t_eq(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
	return sigismember(&set, signum);
}

static void change(int how, int signum)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signum);
	t_eq(pthread_sigmask(how, &set, NULL), 0);
}

static intptr_t block_and_wait(void *arg)
{
	int mine = SIGRTMIN + (int)(intptr_t)arg;

	change(SIG_BLOCK, mine);
	for (int i = 0; i < 3; i++) {
		usleep(1000);
		for (int s = SIGRTMIN; s < SIGRTMIN + N; s++)
			t_eq(blocks(s), s == mine);
	}
	return 0;
}

static void greenlets_block_for_themselves(void)
{
	gev_greenlet *g[N];

	if (!patch_full())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(block_and_wait, i);
	gev_yield();
	t_ok(!blocks(SIGRTMIN));
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_ok(!blocks(SIGRTMIN) && !blocks(SIGRTMIN + N - 1));
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t block_nothing(void *arg)
{
	(void)arg;
	return blocks(SIGUSR1);
}

static intptr_t block_and_end(void *how)
{
	change(SIG_BLOCK, SIGUSR1);
	if (how)
		pthread_exit(NULL);
	return 0;
}

static intptr_t block_and_spawn(void *arg)
{
	(void)arg;
	change(SIG_BLOCK, SIGUSR1);
	join(start(block_nothing, 0));
	return blocks(SIGUSR1) ? 0 : 1;
}

static void nobody_inherits(void)
{
	if (!patch_full())
		return;
	join(start(block_and_end, 0));
	join(start(block_nothing, 0));
	join(start(block_and_end, 1));
	join(start(block_nothing, 0));
	join(start(block_and_spawn, 0));
	t_ok(!blocks(SIGUSR1));
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t unblock(void *arg)
{
	(void)arg;
	usleep(1000);
	t_ok(blocks(SIGUSR1));
	change(SIG_UNBLOCK, SIGUSR1);
	usleep(1000);
	t_ok(!blocks(SIGUSR1));
	change(SIG_BLOCK, SIGUSR1);
	usleep(1000);
	return !blocks(SIGUSR1);
}

static void what_the_thread_blocks_all_do(void)
{
	gev_greenlet *g;

	if (!patch_full())
		return;
	g = start(unblock, 0);
	gev_yield();
	change(SIG_BLOCK, SIGUSR1);
	join(g);
	t_ok(blocks(SIGUSR1));
	change(SIG_UNBLOCK, SIGUSR1);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t hold_back(void *arg)
{
	(void)arg;
	signals = 0;
	change(SIG_BLOCK, SIGUSR1);
	raise(SIGUSR1);
	t_eq(signals, 0);
	usleep(1000); /* others take it */
	t_eq(signals, 1);
	change(SIG_UNBLOCK, SIGUSR1);
	return 0;
}

static void signals_come_when_somebody_takes_them(void)
{
	if (!patch_full())
		return;
	signal(SIGUSR1, on_signal);
	join(start(hold_back, 0));
	signal(SIGUSR1, SIG_DFL);
	t_eq(gev_unpatch_all(), 0);
}

static sigjmp_buf out;

static void leap(int signum)
{
	(void)signum;
	siglongjmp(out, 1);
}

static intptr_t leap_out(void *arg)
{
	(void)arg;
	change(SIG_BLOCK, SIGUSR2);
	if (!sigsetjmp(out, 1))
		raise(SIGUSR1);
	t_ok(blocks(SIGUSR2) && !blocks(SIGUSR1));
	usleep(1000);
	return !blocks(SIGUSR2) || blocks(SIGUSR1);
}

static void a_handler_leaves_by_siglongjmp(void)
{
	if (!patch_full())
		return;
	signal(SIGUSR1, leap);
	join(start(leap_out, 0));
	signal(SIGUSR1, SIG_DFL);
	t_ok(!blocks(SIGUSR1) && !blocks(SIGUSR2));
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t outlive(void *arg)
{
	(void)arg;
	change(SIG_BLOCK, SIGUSR1);
	gev_sleep(GEV_MS(2));
	return !blocks(SIGUSR1);
}

static void unpatching_changes_nobodys(void)
{
	gev_greenlet *g;

	if (!patch_full())
		return;
	g = start(outlive, 0);
	gev_yield();
	t_eq(gev_unpatch_all(), 0);
	t_ok(!blocks(SIGUSR1));
	join(g);
	t_ok(!blocks(SIGUSR1));
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t run_two(void *arg)
{
	char command[32];

	/* They end in another order than they began in. */
	snprintf(command, sizeof(command), "sleep 0.0%d",
		1 + 7 * (int)(intptr_t)arg % 9);
	t_eq(system(command), 0);
	t_eq(system("exit 0"), 0);
	return 0;
}

/* It blocks SIGCHLD and ignores SIGINT and SIGQUIT, for a while. */
static void system_leaves_all_as_it_was(void)
{
	gev_greenlet *g[N];
	struct sigaction action;

	if (!patch_full())
		return;
	for (int i = 0; i < N; i++)
		g[i] = start(run_two, i);
	gev_yield();
	t_ok(!blocks(SIGCHLD));
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_ok(!blocks(SIGCHLD));
	sigaction(SIGINT, NULL, &action);
	t_ok(action.sa_handler == SIG_DFL);
	sigaction(SIGQUIT, NULL, &action);
	t_ok(action.sa_handler == SIG_DFL);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(greenlets_block_for_themselves);
	T_RUN(nobody_inherits);
	T_RUN(what_the_thread_blocks_all_do);
	T_RUN(signals_come_when_somebody_takes_them);
	T_RUN(a_handler_leaves_by_siglongjmp);
	T_RUN(unpatching_changes_nobodys);
	T_RUN(system_leaves_all_as_it_was);
	return t_done();
}
