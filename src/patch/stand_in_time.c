/* SPDX-License-Identifier: MIT */
/* Waiting for time, and for children. */
#include "patch/stand_in.h"

unsigned gev__by_name_sleep(unsigned seconds)
{
	struct timespec t = { .tv_sec = seconds }, left = t;
	const long a[6] = { (long)&t, (long)&left };
	long r = gev__patch_handle(gev__patch_nanosleep, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sleep(seconds);
	return gev__ret(r) < 0 ? (unsigned)left.tv_sec : 0;
}

int gev__by_name_usleep(useconds_t us)
{
	struct timespec t = { .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000L };
	const long a[6] = { (long)&t };
	long r = gev__patch_handle(gev__patch_nanosleep, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.usleep(us);
	return (int)gev__ret(r);
}

int gev__by_name_nanosleep(const struct timespec *t, struct timespec *left)
{
	const long a[6] = { (long)t, (long)left };
	long r = gev__patch_handle(gev__patch_nanosleep, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.nanosleep(t, left);
	return (int)gev__ret(r);
}

/* It returns the error. */
int gev__by_name_clock_nanosleep(clockid_t clock, int flags,
	const struct timespec *t, struct timespec *left)
{
	const long a[6] = { clock, flags, (long)t, (long)left };
	long r = gev__patch_handle(gev__patch_clock_nanosleep, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.clock_nanosleep(clock, flags, t, left);
	return (int)-r;
}

int gev__by_name_sched_yield(void)
{
	const long a[6] = { 0 };
	long r = gev__patch_handle(gev__patch_sched_yield, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.sched_yield();
	return (int)gev__ret(r);
}

pid_t gev__by_name_wait4(pid_t pid, int *status, int options,
	struct rusage *usage)
{
	const long a[6] = { pid, (long)status, options, (long)usage };
	long r = gev__patch_handle(gev__patch_wait4, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.wait4(pid, status, options, usage);
	return (pid_t)gev__ret(r);
}

pid_t gev__by_name_wait3(int *status, int options, struct rusage *usage)
{
	const long a[6] = { -1, (long)status, options, (long)usage };
	long r = gev__patch_handle(gev__patch_wait4, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.wait3(status, options, usage);
	return (pid_t)gev__ret(r);
}

pid_t gev__by_name_waitpid(pid_t pid, int *status, int options)
{
	const long a[6] = { pid, (long)status, options };
	long r = gev__patch_handle(gev__patch_wait4, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.waitpid(pid, status, options);
	return (pid_t)gev__ret(r);
}

pid_t gev__by_name_wait(int *status)
{
	const long a[6] = { -1, (long)status };
	long r = gev__patch_handle(gev__patch_wait4, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.wait(status);
	return (pid_t)gev__ret(r);
}

int gev__by_name_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
	const long a[6] = { type, id, (long)info, options };
	long r = gev__patch_handle(gev__patch_waitid, GEV__WAITS, a);

	if (r == GEV__PASS)
		return gev__original.waitid(type, id, info, options);
	return (int)gev__ret(r);
}
