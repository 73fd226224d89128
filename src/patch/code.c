/* SPDX-License-Identifier: MIT */
/*
 * The memory for stubs.  It is written first and made executable then, never
 * both at a time; a process that may not do that either (PR_SET_MDWE) maps it
 * from a memory file.
 */
#include "patch/code.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include "base/mem.h"
#include "base/sys.h"
#include "patch/cpu.h"

#define STEP (1ul << 20)
#define STEPS 512

static bool within_reach(const struct gev__object *o, uintptr_t at, size_t size)
{
	uintptr_t low = at < o->text ? at : o->text;
	uintptr_t high = at + size > o->text_end ? at + size : o->text_end;

	return high - low < gev__cpu_reach;
}

/* Below the object, where the kernel puts what is mapped after it. */
int gev__code_room(const struct gev__object *o, size_t size, void **at)
{
	uintptr_t hint = o->base & -(uintptr_t)GEV__PAGE;

	for (int i = 0; i < STEPS; i++) {
		long r = gev__sys(SYS_mmap, hint - size - (size_t)i * STEP,
			size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (r < 0 && r > -4096)
			return (int)r;
		if (within_reach(o, (uintptr_t)r, size)) {
			*at = (void *)r;
			return 0;
		}
		gev__sys(SYS_munmap, r, size);
	}
	return -ENOMEM;
}

static long make_by_mprotect(void *at, const void *bytes, size_t size)
{
	long r = gev__sys(SYS_mprotect, at, size, PROT_READ | PROT_WRITE);

	if (r < 0)
		return r;
	gev__copy(at, bytes, size);
	r = gev__sys(SYS_mprotect, at, size, PROT_READ | PROT_EXEC);
	__builtin___clear_cache((char *)at, (char *)at + size);
	return r;
}

static long make_by_file(void *at, const void *bytes, size_t size)
{
	long fd = gev__sys(SYS_memfd_create, "gev-stubs", MFD_CLOEXEC);
	long r;

	if (fd < 0)
		return fd;
	r = gev__sys(SYS_write, fd, bytes, size);
	if (r >= 0)
		r = (size_t)r == size ? 0 : -ENOSPC;
	if (r == 0)
		r = gev__sys(SYS_mmap, at, size, PROT_READ | PROT_EXEC,
			MAP_PRIVATE | MAP_FIXED, fd, 0);
	gev__sys(SYS_close, fd);
	return r < 0 && r > -4096 ? r : 0;
}

int gev__code_make(void *at, const void *bytes, size_t size)
{
	long r = make_by_mprotect(at, bytes, size);

	if (r < 0)
		r = make_by_file(at, bytes, size);
	if (r < 0)
		gev__sys(SYS_munmap, at, size);
	return (int)r;
}
