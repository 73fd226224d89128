/* SPDX-License-Identifier: MIT */
/*
 * Objects that come later are patched when they have come: after dlopen(), and
 * at the latest before somebody gets hold of a function of theirs, by dlsym().
 *
 * ld.so goes by who calls it: where it looks for a name without a slash, and
 * what RTLD_NEXT is, depends on the object that the call returns to.  Therefore
 * these calls are the last thing that is done here, and become jumps, and what
 * such a dlopen() brings is left to dlsym().
 */
#include "patch/stand_in.h"
#include <string.h>
#include "patch/by_name.h"

/* Clang does so by itself if it optimizes at all. */
#if defined(__clang__)
#define JUMPS __attribute__((no_sanitize("thread")))
#else
#define JUMPS __attribute__((optimize("O2"), no_sanitize("thread")))
#endif

JUMPS void *gev__by_name_dlopen(const char *path, int mode)
{
	void *handle;

	if (!path || !strchr(path, '/'))
		return gev__original.dlopen(path, mode);
	handle = gev__original.dlopen(path, mode);
	gev__by_name_catch_up();
	return handle;
}

JUMPS void *gev__by_name_dlsym(void *restrict handle,
	const char *restrict name)
{
	gev__by_name_catch_up();
	return gev__original.dlsym(handle, name);
}

JUMPS void *gev__by_name_dlvsym(void *restrict handle,
	const char *restrict name, const char *restrict version)
{
	gev__by_name_catch_up();
	return gev__original.dlvsym(handle, name, version);
}
