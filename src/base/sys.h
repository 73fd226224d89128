/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls: no libc, no errno.  Each returns the result or -errno.
 *
 * gev__sys(SYS_name, ...) takes up to six arguments, integers or pointers.  In
 * a build with GEV_INJECT every call first asks the injector (base/inject.h),
 * so that a test can make the n-th one fail.
 */
#ifndef GEV_BASE_SYS_H
#define GEV_BASE_SYS_H

#include <sys/syscall.h>
#include "base/inject.h"

#if defined(__x86_64__)

static inline long gev__sys_raw(long nr, long a, long b, long c, long d,
	long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			 "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long gev__sys_raw(long nr, long a, long b, long c, long d,
	long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
}

#else

#include <errno.h>
#include <unistd.h>

/* Other CPUs go through libc: there the core is not freestanding. */
static inline long gev__sys_raw(long nr, long a, long b, long c, long d,
	long e, long f)
{
	int saved = errno;
	long ret = syscall(nr, a, b, c, d, e, f);

	if (ret == -1)
		ret = -errno;
	errno = saved;
	return ret;
}

#endif

static inline long gev__sys6(long nr, long a, long b, long c, long d, long e,
	long f)
{
	long injected = gev__inject_sys(nr);

	return injected ? injected : gev__sys_raw(nr, a, b, c, d, e, f);
}

/* Counts the arguments and fills up with zeros; casts pointers on the way. */
#define gev__sys(...) gev__sys_pad(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define gev__sys_pad(nr, a, b, c, d, e, f, ...)                                \
	gev__sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e),   \
		(long)(f))

#endif
