/* SPDX-License-Identifier: MIT */
/*
 * A test program in TAP: cases are functions, checks are expressions.
 *
 *	static void sleep_zero_yields(void) { t_eq(gev_sleep(0), 0); }
 *	int main(void) { T_RUN(sleep_zero_yields); return t_done(); }
 *
 * A failed check prints where and what, and the case goes on: nothing leaves
 * it by longjmp, so checks may stand in greenlets and callbacks.  A child of
 * fork() must end with _exit(t_failures != 0), and its parent check that.
 */
#ifndef TESTS_T_H
#define TESTS_T_H

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev/hub.h>
#include <gev/loop.h>

#define T_UNUSED __attribute__((unused))

/* Failed checks of the running case.  Atomic: threads check things too. */
static T_UNUSED atomic_int t_failures;
static T_UNUSED const char *t_skipped;
static T_UNUSED int t_cases;
static T_UNUSED int t_failed_cases;
static T_UNUSED char t_log_text[8192];

static inline bool t_ok_at(bool ok, const char *file, int line,
	const char *text)
{
	if (!ok) {
		printf("# %s:%d: failed: %s\n", file, line, text);
		t_failures++;
	}
	return ok;
}

static inline bool t_eq_at(long long a, long long b, const char *file, int line,
	const char *text)
{
	bool ok = t_ok_at(a == b, file, line, text);

	if (!ok)
		printf("#   %lld != %lld\n", a, b);
	return ok;
}

static inline bool t_str_at(const char *a, const char *b, const char *file,
	int line, const char *text)
{
	bool ok = t_ok_at(a && b && !strcmp(a, b), file, line, text);

	if (!ok)
		printf("#   \"%s\"\n#   \"%s\"\n", a ? a : "(null)",
			b ? b : "(null)");
	return ok;
}

static inline bool t_fails_at(intptr_t r, int error, int code, const char *file,
	int line, const char *text)
{
	bool ok = t_ok_at((r == -1 || r == 0) && error == code, file, line,
		text);

	if (!ok)
		printf("#   gave %lld, errno %d (%s), not %d\n", (long long)r,
			error, strerror(error), code);
	return ok;
}

/* Appends to the case's log of what happened in which order. */
static inline __attribute__((format(printf, 1, 2))) void t_log(const char *fmt,
	...)
{
	size_t used = strlen(t_log_text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t_log_text + used, sizeof(t_log_text) - used, fmt, ap);
	va_end(ap);
}

static inline bool t_log_is_at(const char *expected, const char *file, int line)
{
	bool ok = t_str_at(t_log_text, expected, file, line, "the log is");

	t_log_text[0] = '\0';
	return ok;
}

/* The running case can't be run here; to be followed by return. */
static inline void t_skip(const char *reason)
{
	t_skipped = reason;
}

/* The thread's hub lives on a virtual clock from now on. */
static inline void t_virtual(void)
{
	gev_loop *loop = gev_hub_loop(gev_hub_get());

	t_ok_at(gev_loop_set_virtual(loop, true) == 0, __FILE__, __LINE__,
		"virtual clock");
}

/*
 * Whether tests/run runs the program under @tool ("qemu", "valgrind"), whose
 * own memory then counts as the program's.
 */
static inline bool t_under(const char *tool)
{
	const char *under = getenv("TESTS_UNDER");

	return under && strcmp(under, tool) == 0;
}

static inline void t_run(void (*fn)(void), const char *name)
{
	if (t_cases == 0)
		setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	t_failures = 0;
	t_skipped = NULL;
	t_log_text[0] = '\0';
	fn();
	if (t_failures)
		t_failed_cases++;
	printf("%sok %d - %s%s%s\n", t_failures ? "not " : "", ++t_cases, name,
		t_skipped ? " # SKIP " : "", t_skipped ? t_skipped : "");
}

/* The plan; what main returns. */
static inline int t_done(void)
{
	printf("1..%d\n", t_cases);
	return t_failed_cases != 0;
}

#define t_ok(cond) t_ok_at((cond), __FILE__, __LINE__, #cond)
#define t_eq(a, b) t_eq_at((a), (b), __FILE__, __LINE__, #a " == " #b)
#define t_str(a, b) t_str_at((a), (b), __FILE__, __LINE__, #a " is " #b)
#define t_log_is(expected) t_log_is_at((expected), __FILE__, __LINE__)
#define T_RUN(f) t_run(f, #f)

/* @expr answers -1 or NULL, and errno is @code. */
#define t_fails(expr, code)                                                    \
	__extension__({                                                        \
		errno = 0;                                                     \
		intptr_t t_r_ = (intptr_t)(expr);                              \
		t_fails_at(t_r_, errno, (code), __FILE__, __LINE__, #expr);    \
	})

#endif
