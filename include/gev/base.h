/* SPDX-License-Identifier: MIT */
/*
 * gev/base.h - what every other header needs: linkage, version, time.
 *
 * Conventions that hold for the whole library:
 *
 * - Functions that can fail return -1 (or NULL) and set errno.
 * - errno belongs to the greenlet: it is saved when a greenlet is switched out
 *   and restored when it is switched in.
 * - Times are int64 nanoseconds, relative to now.  GEV_FOREVER waits without
 *   end, 0 does not wait at all.  Any other negative time is EINVAL, and so is
 *   GEV_FOREVER where something is to happen after that time.
 * - A hub belongs to the thread that made it.  An object of one hub that is
 *   used from another thread answers EPERM, except where "any thread" is said;
 *   what returns no error does nothing then.
 * - Whatever waits or schedules makes the thread's hub if it has none, and can
 *   then fail with gev_hub_get()'s errors: ENOMEM, EMFILE, ENFILE, ENOTSUP.
 * - EDEADLK: the call would wait in a loop callback, where nothing can; or main
 *   waits and nothing is left that could ever wake it.
 * - What a greenlet may do, main may do: main is a greenlet too.
 */
#ifndef GEV_BASE_H
#define GEV_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define GEV_BEGIN_DECLS extern "C" {
#define GEV_END_DECLS }
#else
#define GEV_BEGIN_DECLS
#define GEV_END_DECLS
#endif

#define GEV_API __attribute__((visibility("default")))

GEV_BEGIN_DECLS

#define GEV_VERSION "0.1.0"

/*
 * gev_version - the version of the library that is loaded, as "0.1.0".
 *
 * Returns   a static string.
 * Context   any thread; needs no hub.
 */
GEV_API const char *gev_version(void);

/* A duration in nanoseconds. */
typedef int64_t gev_time;

#define GEV_FOREVER ((gev_time)-1)
#define GEV_US(n) ((gev_time)((n)*1000LL))
#define GEV_MS(n) ((gev_time)((n)*1000000LL))
#define GEV_SEC(n) ((gev_time)((n)*1000000000LL)) /* GEV_SEC(0.5) is fine */

/* The two sides of a descriptor. */
#define GEV_READ 1
#define GEV_WRITE 2

typedef struct gev_loop gev_loop;
typedef struct gev_hub gev_hub;
typedef struct gev_coro gev_coro;
typedef struct gev_greenlet gev_greenlet;

/*
 * A node of one of the library's lists, embedded in the small public structs
 * so that waiting allocates nothing.  Private.
 */
struct gev_list {
	struct gev_list *next;
	struct gev_list *prev;
};

/* An entry of a loop's timer heap, embedded likewise.  Private. */
struct gev_timer_node {
	gev_time due;          /* absolute, on the loop's clock */
	uint64_t seq;          /* equal times fire in start order */
	uint32_t index;        /* place in the heap, from 1; 0: not in it */
	void (*fire)(struct gev_timer_node *); /* by the loop, off the heap */
	struct gev_list link;  /* in the loop's list of those just expired */
};

GEV_END_DECLS

#endif
