/* SPDX-License-Identifier: MIT */
/* gev_nanosleep(), gev_clock_nanosleep(). */
#include <gev/greenlet.h>
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/sleep.h>
#include <gev/timeout.h>
#include <dirent.h>
#include <sys/syscall.h>
#include <time.h>
#include "base/inject.h"
#include "t.h"

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static void for_a_time(void)
{
	struct timespec t = { 1, 500000000 }, left = { 7, 7 };
	gev_time start = now();

	t_eq(gev_nanosleep(&t, NULL), 0);
	t_eq(now() - start, GEV_MS(1500));
	t_eq(gev_clock_nanosleep(CLOCK_REALTIME, 0, &t, &left), 0);
	t_eq(now() - start, GEV_MS(3000));
	t_ok(left.tv_sec == 7 && left.tv_nsec == 7);
}

static intptr_t note_turn(void *arg)
{
	++*(int *)arg;
	return 0;
}

static void no_time_lets_others_run(void)
{
	int turns = 0;

	gev_go(note_turn, &turns);
	t_eq(gev_nanosleep(&(struct timespec){ 0, 0 }, NULL), 0);
	t_eq(turns, 1);
	gev_go(note_turn, &turns);
	t_eq(gev_clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME,
		&(struct timespec){ 0, 5 }, NULL), 0);
	t_eq(turns, 2);
}

static void bad_times(void)
{
	struct timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 } };

	for (int i = 0; i < 3; i++) {
		t_fails(gev_nanosleep(&bad[i], NULL), EINVAL);
		t_eq(gev_clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &bad[i],
			NULL), EINVAL);
	}
	t_fails(gev_nanosleep(NULL, NULL), EFAULT);
	bad[0].tv_sec = 1;
	t_eq(gev_clock_nanosleep(12345, 0, &bad[0], NULL), EINVAL);
	t_eq(gev_clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &bad[0], NULL),
		EINVAL);
	t_eq(gev_clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &bad[0], NULL),
		ENOTSUP);
}

static void what_is_left(void)
{
	struct timespec t = { 5, 0 }, left;
	gev_timeout timeout;

	gev_timeout_start(&timeout, GEV_MS(1750));
	t_fails(gev_nanosleep(&t, &left), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&timeout));
	t_ok(left.tv_sec == 3 && left.tv_nsec == 250000000);
	gev_timeout_start(&timeout, GEV_SEC(2));
	t.tv_sec = INT64_MAX; /* that is for ever */
	t_eq(gev_clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &left), ETIMEDOUT);
	t_ok(gev_timeout_cancel(&timeout));
	gev_timeout_start(&timeout, GEV_SEC(2));
	t_eq(gev_clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, &left),
		ETIMEDOUT);
	t_ok(gev_timeout_cancel(&timeout));
	t_ok(left.tv_sec == 3 && left.tv_nsec == 250000000);
}

static void until_a_time(void)
{
	static const int clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME,
		CLOCK_BOOTTIME, CLOCK_TAI };

	for (int i = 0; i < 4; i++) {
		struct timespec t, after;

		clock_gettime(clocks[i], &t);
		t.tv_nsec += 5000000;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		t_eq(gev_clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
		clock_gettime(clocks[i], &after);
		t_ok(after.tv_sec > t.tv_sec || (after.tv_sec == t.tv_sec &&
			after.tv_nsec >= t.tv_nsec));
		t.tv_sec -= 10;
		t_eq(gev_clock_nanosleep(clocks[i], TIMER_ABSTIME, &t, NULL), 0);
		t_eq(gev_clock_nanosleep(clocks[i], 0,
			&(struct timespec){ 0, 1000 }, NULL), 0);
		t_eq(gev_clock_nanosleep(clocks[i], 0,
			&(struct timespec){ 0, 0 }, NULL), 0);
	}
}

static intptr_t sleep_long(void *arg)
{
	struct timespec t = { 1000, 0 };

	(void)arg;
	return gev_clock_nanosleep(CLOCK_BOOTTIME, 0, &t, NULL);
}

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void killed_by_another_clock(void)
{
	int before = open_descriptors();
	gev_greenlet *g = gev_spawn(sleep_long, NULL);

	gev_sleep(GEV_MS(1));
	t_ok(!gev_dead(g));
	gev_kill(g, 0);
	t_eq(gev_get(g, GEV_FOREVER), ECANCELED);
	gev_unref(g);
	gev__inject = (struct gev__inject){ .nr = SYS_timerfd_create,
		.error = -EMFILE, .times = 1 };
	t_eq(sleep_long(NULL), EMFILE);
	gev__inject = (struct gev__inject){ .nr = SYS_timerfd_settime,
		.error = -ENOMEM, .times = 1 };
	t_eq(sleep_long(NULL), ENOMEM);
	gev__inject.nr = -1;
	t_eq(open_descriptors(), before);
}

int main(void)
{
	gev_hub_get();
	T_RUN(until_a_time);
	T_RUN(killed_by_another_clock);
	t_virtual();
	T_RUN(for_a_time);
	T_RUN(no_time_lets_others_run);
	T_RUN(bad_times);
	T_RUN(what_is_left);
	return t_done();
}
