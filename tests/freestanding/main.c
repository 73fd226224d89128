/* SPDX-License-Identifier: MIT */
/* Greenlets, clock, locks and sockets at work with no libc in the process. */
#include <gev.h>
#include <unistd.h>
#include "base/sys.h"
#include "base/text.h"
#include "start.h"

#define ROUNDS 100

static int cases;
static int failed;
static int ends[2];
static int trips;
static gev_mutex turn = GEV_MUTEX_INIT;
static int turns;

static void check(bool ok, const char *name)
{
	char line[120];
	struct gev__text t = gev__text_in(line, sizeof(line));

	gev__text_add(&t, ok ? "ok " : "not ok ");
	gev__text_num(&t, (uint64_t)++cases);
	gev__text_add(&t, " - ");
	gev__text_add(&t, name);
	gev__text_char(&t, '\n');
	gev__sys(SYS_write, STDOUT_FILENO, line, t.len);
	failed += !ok;
}

static int plan(void)
{
	char line[16];
	struct gev__text t = gev__text_in(line, sizeof(line));

	gev__text_add(&t, "1..");
	gev__text_num(&t, (uint64_t)cases);
	gev__text_char(&t, '\n');
	gev__sys(SYS_write, STDOUT_FILENO, line, t.len);
	return failed != 0;
}

static intptr_t ping(void *arg)
{
	char c = 'x';

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		if (gev_write(ends[0], &c, 1) != 1)
			return -1;
		if (gev_read(ends[0], &c, 1) != 1)
			return -1;
	}
	return ROUNDS;
}

static intptr_t pong(void *arg)
{
	char c;

	(void)arg;
	while (gev_read(ends[1], &c, 1) == 1) {
		trips++;
		if (gev_write(ends[1], &c, 1) != 1)
			return -1;
	}
	return 0;
}

static intptr_t sleep_for(void *ms)
{
	return gev_sleep(GEV_MS((intptr_t)ms)) < 0 ? -1 : (intptr_t)ms;
}

static void greenlets_sleep(void)
{
	gev_greenlet *gs[3], *done[3];
	int n;

	for (intptr_t i = 0; i < 3; i++)
		gs[i] = gev_spawn(sleep_for, (void *)(10 * (3 - i)));
	n = gev_joinall_first(gs, 3, 0, 0, GEV_FOREVER, done);
	check(n == 3 && done[0] == gs[2] && done[2] == gs[0],
		"greenlets_sleep");
	for (int i = 0; i < 3; i++)
		gev_unref(gs[i]);
}

static intptr_t take_turn(void *left)
{
	if (gev_mutex_acquire(&turn, GEV_FOREVER) < 0)
		return -1;
	gev_sleep(GEV_MS(1));
	turns++;
	gev_mutex_release(&turn);
	return gev_countdown_done(left);
}

static void greenlets_take_turns(void)
{
	gev_countdown left = GEV_COUNTDOWN_INIT(3);

	for (int i = 0; i < 3; i++)
		gev_go(take_turn, &left);
	check(gev_countdown_wait(&left, GEV_SEC(10)) == 0 && turns == 3,
		"greenlets_take_turns");
}

static void greenlets_talk(void)
{
	gev_greenlet *a, *b;

	check(gev_socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0,
		"socketpair_is_made");
	a = gev_spawn(ping, NULL);
	b = gev_spawn(pong, NULL);
	check(gev_get(a, GEV_FOREVER) == ROUNDS && trips == ROUNDS,
		"greenlets_talk");
	gev_close(ends[0]);
	check(gev_get(b, GEV_FOREVER) == 0, "end_of_file_ends_the_talk");
	gev_close(ends[1]);
	gev_unref(a);
	gev_unref(b);
}

int freestanding_main(void)
{
	greenlets_sleep();
	greenlets_take_turns();
	greenlets_talk();
	check(gev_hub_destroy(GEV_DESTROY_LOOP) == 0, "the_hub_goes");
	return plan();
}
