/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/error.h"
#include "base/sys.h"
#include "t.h"
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static gev_time libc_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return GEV_SEC(ts.tv_sec) + ts.tv_nsec;
}

static void the_clock_is_the_monotonic_one(void)
{
	gev_time before = libc_clock();
	gev_time ours = gev__clock();
	gev_time after = libc_clock();

	t_ok(before <= ours && ours <= after);
}

static void the_clock_needs_no_system_call(void)
{
	gev__clock();
	gev__inject = (struct gev__inject){ .nr = SYS_clock_gettime };
	gev__clock();
	if (gev__inject.calls)
		t_skip("there is no vDSO with a clock here");
	gev__inject.nr = -1;
}

static void system_calls_answer_a_result_or_an_error(void)
{
	t_eq(gev__sys(SYS_getpid), getpid());
	t_eq(gev__sys(SYS_close, -1), -EBADF);
	t_eq(gev__sys(SYS_openat, AT_FDCWD, "/", O_WRONLY, 0), -EISDIR);
}

static void the_converter_knows_errors_from_results(void)
{
	errno = 0;
	t_eq(gev__ret(7), 7);
	t_eq(gev__ret(-GEV__ERRNO_MAX - 1), -GEV__ERRNO_MAX - 1);
	t_eq(errno, 0);
	t_fails(gev__ret(-EIO), EIO);
	t_fails(gev__null(ENOMEM), ENOMEM);
}

static void injected_calls_fail_in_their_turn(void)
{
	gev__inject = (struct gev__inject){
		.nr = SYS_getppid, .error = -EIO, .after = 1, .times = 2
	};
	t_eq(gev__sys(SYS_getppid), getppid());
	t_eq(gev__sys(SYS_getppid), -EIO);
	t_eq(gev__sys(SYS_getpid), getpid());
	t_eq(gev__sys(SYS_getppid), -EIO);
	t_eq(gev__sys(SYS_getppid), getppid());
	t_eq(gev__inject.calls, 4);
	gev__inject.nr = -1;
}

int main(void)
{
	T_RUN(the_clock_is_the_monotonic_one);
	T_RUN(the_clock_needs_no_system_call);
	T_RUN(system_calls_answer_a_result_or_an_error);
	T_RUN(the_converter_knows_errors_from_results);
	T_RUN(injected_calls_fail_in_their_turn);
	return t_done();
}
