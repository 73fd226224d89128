/* SPDX-License-Identifier: MIT */
/*
 * gev/patch.h - blocking code that knows nothing of gev waits as greenlets do.
 *
 * Mirrors gevent.monkey, one level lower: not names are replaced but the system
 * calls inside libc, so that libc's calls to itself (stdio, the resolver,
 * popen) are caught as well.  In a greenlet such a call is the gev_*() function
 * of its name; in the hub, and in threads without one, it is the kernel's.
 * gev-patch(7) says what is caught, and what to beware of.
 */
#ifndef GEV_PATCH_H
#define GEV_PATCH_H

#include <gev/base.h>

GEV_BEGIN_DECLS

/* What is to wait as greenlets do. */
#define GEV_PATCH_IO 1u      /* descriptors: read ... connect, poll, select */
#define GEV_PATCH_SLEEP 2u   /* sleep, nanosleep, sched_yield */
#define GEV_PATCH_DNS 4u     /* nothing more: libc's resolver is IO */
#define GEV_PATCH_PROCESS 8u /* wait, waitpid, waitid, and so system, pclose */
#define GEV_PATCH_LOCKS 16u  /* mutexes, conditions, semaphores: futex */
#define GEV_PATCH_ALL 31u

/* How, besides. */
#define GEV_PATCH_DEPS 256u     /* and the objects that this one needs */
#define GEV_PATCH_LATER 512u    /* whenever it is loaded */
#define GEV_PATCH_BY_NAME 1024u /* names, even where code could be patched */

/*
 * gev_patch_all - patches the system calls of libc; or where that can't be
 * done, or with GEV_PATCH_BY_NAME, each object as gev_patch_object() does.
 *
 * @flags are added to those in force: to patch twice is to patch once, and the
 * report tells.  To be called before there are other threads: while there are,
 * calls whose code takes more than one instruction are left as they are, until
 * the next time.
 *
 * Returns   0; or -1 with errno EINVAL (no groups or unknown flags), ENOTSUP (a
 *           static program, or a CPU whose relocations are not known:
 *           gev_patch_report() says so), EACCES, EPERM (nothing can be written
 *           here), ENOMEM, EMFILE, ENFILE.  On error all is as it was.
 * Context   any thread; needs no hub.
 * Memory    stubs once made are kept for ever.
 */
GEV_API int gev_patch_all(unsigned flags);

/*
 * gev_unpatch_all - takes all of that back.  Calls that wait go on as they
 * began.  Not patched is no error.  While there are greenlets that are threads
 * of their own to libc, its code stays as it is to follow their end: the next
 * call after that puts it back.
 *
 * Returns   0; or -1 with errno EACCES, EPERM, EMFILE, ENFILE: code could not
 *           be written.  Even then every call is the kernel's.
 * Context   any thread; needs no hub.
 */
GEV_API int gev_unpatch_all(void);

/*
 * gev_patch_object - has one object's calls of libc wait as greenlets do: the
 * addresses of libc's functions are replaced in it.
 *
 * @name is a soname ("libpq.so.5"), a file's name, a path, or NULL or
 * "": the program.  @flags are GEV_PATCH_* as above, added to those in force, and
 * perhaps GEV_PATCH_DEPS and GEV_PATCH_LATER.  libc, ld.so and gev itself are
 * never touched.  What libc does on behalf of the object (stdio, popen) blocks.
 *
 * Returns   0; or -1 with errno ENOENT (no such object is loaded, and not
 *           GEV_PATCH_LATER), EINVAL (no groups or unknown flags), ENOTSUP
 *           (it can't be patched, gev_patch_report() says why), EACCES, EPERM
 *           (mprotect(2) refused), ENOMEM.  On error all is as it was.
 * Context   any thread; needs no hub.
 */
GEV_API int gev_patch_object(const char *name, unsigned flags);

/*
 * gev_unpatch_object - takes that back, whichever name was used for the object.
 * What another object's GEV_PATCH_DEPS or gev_patch_all() asked for stays.
 *
 * Returns   0; or -1 with errno ENOENT (it was not patched), EACCES, EPERM,
 *           ENOMEM.  On error all is as it was.
 * Context   any thread; needs no hub.
 */
GEV_API int gev_unpatch_object(const char *name);

/*
 * gev_patch_handle, gev_unpatch_handle - the same for what dlopen() returned.
 *
 * Returns   the same; EINVAL: NULL.
 * Context   any thread; needs no hub.
 */
GEV_API int gev_patch_handle(void *handle, unsigned flags);
GEV_API int gev_unpatch_handle(void *handle);

/* Whether the call @name ("read") is to be left alone. */
typedef bool gev_patch_veto_fn(const char *name, void *arg);

/*
 * gev_patch_set_veto - has @fn asked of each call, at gev_patch_all().  NULL:
 * nobody is asked.  It must not call back into gev.
 *
 * Context   any thread; needs no hub.
 */
GEV_API void gev_patch_set_veto(gev_patch_veto_fn *fn, void *arg);

/*
 * gev_patch_original - a system call as the kernel makes it, patched or not,
 * blocking the thread: syscall(2).
 *
 * Returns   the call's result; or -1 with errno.
 * Context   any thread; needs no hub.
 */
GEV_API long gev_patch_original(long number, ...);

/*
 * gev_patch_report - what is patched, how, and what still blocks, as text: a
 * line for each object of the process, each site that is left alone, each
 * system call.
 *
 * Returns   the length of the whole, as snprintf() does; @buf gets the first
 *           @size - 1 bytes of it and a NUL.
 * Context   any thread; needs no hub.
 */
GEV_API size_t gev_patch_report(char *buf, size_t size);

GEV_END_DECLS

#endif
