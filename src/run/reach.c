/* SPDX-License-Identifier: MIT */
/*
 * A byte of each page is touched.  If it is not there, the signal of that comes
 * to us (arrive.c), and who touched it is told: that costs nothing as long as
 * all is well.
 */
#include "run/reach.h"
#include <errno.h>
#include "base/mem.h"

/* x86_64.S; the first instruction is the one. */
bool gev__run_peek(const char *at);
bool gev__run_poke(char *at);
extern const char gev__run_not_there[];

static const char *page_behind(const char *at)
{
	return (const char *)(((uintptr_t)at | (GEV__PAGE - 1)) + 1);
}

/* It reads what is wanted of the mask before it finds that nothing is. */
bool gev__run_is_there(const void *at)
{
	const uintptr_t word = (uintptr_t)at & -sizeof(uint64_t);

	return gev__sys(SYS_rt_sigprocmask, -1L, word, NULL,
		       sizeof(uint64_t)) != -EFAULT;
}

/* As long as there is one thread, the signal is the program's. */
static bool peek(const char *at)
{
	return gev__run_catches ? gev__run_peek(at) : gev__run_is_there(at);
}

bool gev__run_readable(const void *at, size_t size)
{
	const char *p = at;
	const char *end = p + size;

	if (end < p)
		return false;
	for (; p < end; p = page_behind(p))
		if (!peek(p))
			return false;
	return true;
}

bool gev__run_writable(void *at, size_t size)
{
	const char *p = at;
	const char *end = p + size;

	if (end < p)
		return false;
	for (; p < end; p = page_behind(p))
		if (!gev__run_poke((char *)p))
			return false;
	return true;
}

bool gev__run_missed(ucontext_t *uc)
{
	greg_t *at = &uc->uc_mcontext.gregs[REG_RIP];

	if (*at != (greg_t)gev__run_peek && *at != (greg_t)gev__run_poke)
		return false;
	*at = (greg_t)gev__run_not_there;
	return true;
}
