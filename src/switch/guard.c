/* SPDX-License-Identifier: MIT */
/*
 * A process may have vm.max_map_count mappings.  A guard by mprotect costs
 * two, one by MADV_GUARD_INSTALL (Linux 6.13) none.  Of the first kind there
 * are only as many as leave the program two thirds of its mappings: a stack
 * without a guard is better than a malloc that fails.
 */
#include "switch/guard.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include "base/error.h"
#include "base/sys.h"
#include "switch/stack.h"

#define ADVICE_GUARD_INSTALL 102
#define COST 2
#define LIMIT_FILE "/proc/sys/vm/max_map_count"
#define LIMIT_UNKNOWN 30000 /* if it can't be read */

static atomic_long mappings_used;
static atomic_ulong missing;

static long parse(const char *digits, long size)
{
	long n = 0;

	for (long i = 0; i < size && digits[i] >= '0' && digits[i] <= '9'; i++)
		n = n * 10 + digits[i] - '0';
	return n;
}

static long read_limit(void)
{
	char digits[16];
	long fd = gev__sys(SYS_openat, AT_FDCWD, LIMIT_FILE,
		O_RDONLY | O_CLOEXEC);
	long size, limit;

	if (fd < 0)
		return LIMIT_UNKNOWN;
	size = gev__sys(SYS_read, fd, digits, sizeof(digits));
	gev__sys(SYS_close, fd);
	limit = parse(digits, size);
	return limit ? limit : LIMIT_UNKNOWN;
}

static long mappings_allowed(void)
{
	static atomic_long allowed;

	if (!allowed)
		allowed = read_limit() / 3;
	return allowed;
}

static bool guard_by_protection(void *p)
{
	if (atomic_fetch_add(&mappings_used, COST) + COST <=
			mappings_allowed() &&
		gev__sys(SYS_mprotect, p, GEV__STACK_GUARD, PROT_NONE) == 0)
		return true;
	atomic_fetch_sub(&mappings_used, COST);
	return false;
}

/* Emulators answer yes to any advice, so the first guard is tried out: the
 * kernel must not be able to read the futex word there (a zero, not a one). */
static bool guard_by_advice(void *p)
{
	enum { UNKNOWN, WORKS, PRETENDS };
	static atomic_int kernel;

	if (kernel == PRETENDS || gev__sys(SYS_madvise, p, GEV__STACK_GUARD,
		ADVICE_GUARD_INSTALL) < 0)
		return false;
	if (kernel == UNKNOWN)
		kernel = gev__sys(SYS_futex, p, FUTEX_WAIT_PRIVATE, 1) ==
			-EFAULT ? WORKS : PRETENDS;
	return kernel == WORKS;
}

bool gev__guard(void *p)
{
	if (guard_by_advice(p))
		return false;
	if (guard_by_protection(p))
		return true;
	missing++;
	return false;
}

void gev__guard_unmapped(uint32_t guards)
{
	mappings_used -= guards * (long)COST;
}

unsigned long gev__guard_missing(void)
{
	return missing;
}
