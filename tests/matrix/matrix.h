/* SPDX-License-Identifier: MIT */
/*
 * A library's plain blocking calls in many greenlets of one thread, against
 * its real server: they overlap, what they bring is what the same calls bring
 * one after the other, and a timeout and a kill in mid-call end in an error of
 * the library's own.
 *
 *	static void query(int i, char *said)
 *	{
 *		... connect ...
 *		enter();
 *		... the call that waits for the server ...
 *		leave();
 *		snprintf(said, MATRIX_SAID, "%s", ... what came of it ...);
 *		... close ...
 *	}
 *
 *	static const struct matrix rows[] = { { .library = "libpq", ... } };
 *
 *	int main(void)
 *	{
 *		if (matrix_begin(serve)) {
 *			matrix_row(&rows[0]);
 *			T_RUN(something_else);
 *		}
 *		return matrix_end(stop);
 *	}
 *
 * Each row ends in a comment that "make matrix" gathers:
 *
 *	# matrix: LIBRARY | VERSION | 20 overlapped | timeout: ... | kill: ... | WAY
 */
#ifndef TESTS_MATRIX_MATRIX_H
#define TESTS_MATRIX_MATRIX_H

#include <gev/event.h>
#include <gev/greenlet.h>
#include <gev/patch.h>
#include <gev/timeout.h>
#include <gev/watcher.h>
#include <link.h>
#include <pthread.h>
#include "core/greenlet.h"
#include "t.h"

#define MATRIX_SAID 256
#define MATRIX_MOST 100

struct matrix {
	const char *library;    /* or "libpq, TLS": a row of the table */
	const char *version;
	int calls;              /* so many at a time, MATRIX_MOST at the most */
	/* The @i-th: from connecting to closing.  A tenth of a second is slow
	 * enough: all wait in enter() for the last to get there. */
	void (*call)(int i, char *said);
	/* One that nobody answers, until a timeout or a kill ends it: then
	 * @said is what the library says of that. */
	void (*stuck)(int i, char *said);
	const char *at_timeout; /* to be found in that; NULL: anything */
	const char *at_kill;
	/* What waits is no call of the library by a name that is caught. */
	bool not_by_name;
};

/* The calls that are made now. */
static T_UNUSED struct {
	gev_greenlet *inside[MATRIX_MOST]; /* between enter() and leave() */
	int expected;             /* greenlets; 0: one call after the other */
	int arrived;
	gev_event all_there;
	int most_parked;
	gev_time limit;           /* of a call, or 0 */
	gev_timeout timeout;
} matrix_now;

/* What came of the row in question. */
static T_UNUSED struct {
	const struct matrix *row;
	char one_by_one[MATRIX_MOST][MATRIX_SAID];
	char together[MATRIX_MOST][MATRIX_SAID];
	char at_timeout[MATRIX_SAID];
	char at_kill[MATRIX_SAID];
} matrix_came;

/* Those who are in a call and wait there for the kernel's answer. */
static inline int matrix_parked(void)
{
	int n = 0;

	for (int i = 0; i < MATRIX_MOST; i++) {
		gev_greenlet *g = matrix_now.inside[i];

		n += g && g->coro->waiter;
	}
	return n;
}

static inline int matrix_count(gev_watcher *w, int revents, void *arg)
{
	int n = matrix_parked();

	(void)w;
	(void)revents;
	(void)arg;
	if (n > matrix_now.most_parked)
		matrix_now.most_parked = n;
	return 0;
}

static inline void matrix_replace(gev_greenlet *old, gev_greenlet *new)
{
	for (int i = 0; i < MATRIX_MOST; i++) {
		if (matrix_now.inside[i] == old) {
			matrix_now.inside[i] = new;
			return;
		}
	}
}

/* The call that waits is between these two. */
static inline void enter(void)
{
	if (!matrix_now.expected)
		return;
	if (++matrix_now.arrived == matrix_now.expected)
		gev_event_set(&matrix_now.all_there);
	if (matrix_now.arrived <= matrix_now.expected)
		gev_event_wait(&matrix_now.all_there, GEV_SEC(10));
	if (matrix_now.limit)
		gev_timeout_start(&matrix_now.timeout, matrix_now.limit);
	matrix_replace(NULL, gev_current());
}

static inline void leave(void)
{
	int error = errno;

	if (!matrix_now.expected)
		return;
	matrix_replace(gev_current(), NULL);
	if (matrix_now.limit)
		gev_timeout_cancel(&matrix_now.timeout);
	errno = error;
}

static inline void matrix_expect(int greenlets, gev_time limit)
{
	memset(matrix_now.inside, 0, sizeof(matrix_now.inside));
	matrix_now.expected = greenlets;
	matrix_now.arrived = matrix_now.most_parked = 0;
	matrix_now.limit = limit;
	gev_event_init(&matrix_now.all_there);
}

/* Foreign code needs more than the usual stack. */
static inline gev_greenlet *start(gev_fn *fn, intptr_t arg)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };

	return gev_spawn_opt(fn, (void *)arg, &options);
}

static inline void join(gev_greenlet *g)
{
	t_eq(gev_join(g, GEV_SEC(20)), 0);
	t_eq(gev_value(g), 0);
	gev_unref(g);
}

static inline intptr_t matrix_call(void *i)
{
	matrix_came.row->call((int)(intptr_t)i,
		matrix_came.together[(intptr_t)i]);
	return 0;
}

static inline void matrix_one_by_one(void)
{
	matrix_expect(0, 0);
	for (int i = 0; i < matrix_came.row->calls; i++) {
		matrix_came.row->call(i, matrix_came.one_by_one[i]);
		t_ok(matrix_came.one_by_one[i][0]);
	}
}

static inline void matrix_together(void)
{
	int n = matrix_came.row->calls;
	gev_greenlet *g[MATRIX_MOST];
	gev_prepare_watcher watch;

	matrix_expect(n, 0);
	gev_prepare_init(&watch, gev_hub_loop(gev_hub_get()));
	gev_watcher_set_ref(&watch.w, false);
	gev_prepare_start(&watch, matrix_count, NULL);
	for (int i = 0; i < n; i++)
		g[i] = start(matrix_call, i);
	for (int i = 0; i < n; i++)
		join(g[i]);
	gev_watcher_stop(&watch.w);
	t_eq(matrix_now.most_parked, n);
	for (int i = 0; i < n; i++)
		t_str(matrix_came.together[i], matrix_came.one_by_one[i]);
}

static inline intptr_t matrix_stuck(void *said)
{
	matrix_came.row->stuck(0, said);
	return 0;
}

static inline void matrix_says(const char *said, const char *expected)
{
	if (!t_ok(said[0] && strstr(said, expected ? expected : "")))
		printf("#   it says \"%s\", not \"%s\"\n", said, expected);
}

static inline void matrix_timeout(void)
{
	gev_greenlet *g;

	matrix_expect(1, GEV_MS(100));
	g = start(matrix_stuck, (intptr_t)matrix_came.at_timeout);
	join(g);
	t_ok(gev_timeout_fired(&matrix_now.timeout));
	matrix_says(matrix_came.at_timeout, matrix_came.row->at_timeout);
}

static inline void matrix_kill(void)
{
	gev_greenlet *g;

	matrix_expect(1, 0);
	g = start(matrix_stuck, (intptr_t)matrix_came.at_kill);
	for (int i = 0; i < 10000 && !matrix_parked(); i++)
		gev_sleep(GEV_MS(1));
	t_eq(matrix_parked(), 1);
	gev_sleep(GEV_MS(20));
	t_eq(gev_kill(g, GEV_SEC(10)), 0);
	t_ok(gev_dead(g));
	gev_unref(g);
	matrix_says(matrix_came.at_kill, matrix_came.row->at_kill);
}

/* How calls were caught, in the report's words. */
static inline void matrix_way(char *way, size_t size)
{
	static const char by[] = "code written by ";
	static char report[512];
	const char *at;

	gev_patch_report(report, sizeof(report));
	*strchrnul(report, '\n') = '\0';
	at = strstr(report, by);
	snprintf(way, size, "libc's system calls, %s",
		at ? at + strlen(by) : "by what");
}

/* In one line, and without the separator. */
static inline const char *matrix_plain(char *said)
{
	for (char *p = said; *p; p++)
		if (*p == '\n' || *p == '|' || *p == '\r')
			*p = p[1] ? ' ' : '\0';
	return said[0] ? said : "nothing";
}

static inline void matrix_tell(const char *way, int overlapped)
{
	printf("# matrix: %s | %s | %d overlapped | timeout: %s | kill: %s | "
	       "%s\n", matrix_came.row->library, matrix_came.row->version,
		overlapped, matrix_plain(matrix_came.at_timeout),
		matrix_plain(matrix_came.at_kill), way);
}

static inline void matrix_case(void (*fn)(void), const char *what,
	const char *suffix)
{
	char name[128];

	snprintf(name, sizeof(name), "%s: %s%s", matrix_came.row->library, what,
		suffix);
	t_run(fn, name);
}

static inline void matrix_no_names(void)
{
	t_ok(false);
}

/* The three trials in one way of patching, and what came of them. */
static inline void matrix_trials(const char *suffix, const char *way)
{
	int overlapped;

	matrix_case(matrix_together, "together", suffix);
	overlapped = matrix_now.most_parked;
	matrix_case(matrix_timeout, "timeout in mid-call", suffix);
	matrix_case(matrix_kill, "kill in mid-call", suffix);
	matrix_expect(0, 0);
	matrix_tell(way, overlapped);
}

static inline int matrix_is_object(struct dl_phdr_info *info, size_t size,
	void *name)
{
	const char *base = strrchr(info->dlpi_name, '/');
	size_t n = strlen(MATRIX_OBJECT);

	(void)size;
	base = base ? base + 1 : info->dlpi_name;
	if (strncmp(base, MATRIX_OBJECT, n) != 0 || !strchr(".-", base[n]))
		return 0;
	*(const char **)name = base;
	return 1;
}

/* The library by itself: what it is loaded as, or NULL. */
static inline const char *matrix_object(void)
{
	const char *name = NULL;

	if (!matrix_came.row->not_by_name)
		dl_iterate_phdr(matrix_is_object, &name);
	return name;
}

static inline void matrix_by_name(const char *object)
{
	char way[128];

	if (gev_patch_object(object, GEV_PATCH_ALL | GEV_PATCH_DEPS) < 0) {
		matrix_case(matrix_no_names, "patched", ", by name");
		return;
	}
	snprintf(way, sizeof(way), "names in %s", object);
	matrix_trials(", by name", way);
	gev_unpatch_object(object);
}

/* Runs a row; nothing is patched before and after. */
static inline void matrix_row(const struct matrix *row)
{
	const char *object;
	char way[128];

	memset(&matrix_came, 0, sizeof(matrix_came));
	matrix_came.row = row;
	matrix_case(matrix_one_by_one, "one by one", "");
	if (gev_patch_all(GEV_PATCH_ALL) < 0)
		return;
	matrix_way(way, sizeof(way));
	matrix_trials("", way);
	gev_unpatch_all();
	object = matrix_object();
	if (object)
		matrix_by_name(object);
}

/* What is in no row: @fn in a greenlet, patched, outside of a trial. */
static inline void matrix_in_greenlet(gev_fn *fn)
{
	t_eq(gev_patch_all(GEV_PATCH_ALL), 0);
	join(start(fn, 0));
	t_eq(gev_unpatch_all(), 0);
}

static inline intptr_t matrix_tell_self(void *self)
{
	*(pthread_t *)self = pthread_self();
	return 0;
}

/*
 * Whether greenlets are to libc what threads are: with thread-local state of
 * their own, and parked by its locks.  While patched.
 */
static inline bool matrix_like_threads(void)
{
	pthread_t self = 0;

	join(start(matrix_tell_self, (intptr_t)&self));
	return self != pthread_self();
}

static T_UNUSED const char *matrix_missing;

static inline void matrix_can_patch(void)
{
	static char report[512];
	int r = gev_patch_all(GEV_PATCH_ALL);

	t_ok(r == 0 || errno == ENOTSUP);
	gev_patch_report(report, sizeof(report));
	*strchrnul(report, '\n') = '\0';
	if (r < 0 || strstr(report, "by name"))
		t_skip(report);
	t_eq(gev_unpatch_all(), 0);
}

static inline void matrix_serves(void)
{
	if (matrix_missing)
		t_skip(matrix_missing);
}

/* Whether it can be done here: patching, and a server; @serve says why not. */
static inline bool matrix_begin(const char *(*serve)(void))
{
	t_run(matrix_can_patch, "it can be patched");
	if (t_skipped || t_failed_cases || !gev_hub_get())
		return false;
	matrix_missing = serve();
	t_run(matrix_serves, "the server starts");
	return !matrix_missing;
}

/* What main returns. */
static inline int matrix_end(void (*stop)(void))
{
	stop();
	return t_done();
}

#endif
