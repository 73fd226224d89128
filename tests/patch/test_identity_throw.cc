/* SPDX-License-Identifier: MIT */
/* C++ keeps exceptions in flight in the thread; each greenlet has its own. */
#include <gev/greenlet.h>
#include <gev/patch.h>
#include <unistd.h>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#define N 10

static int failures;

static void check(bool ok, const char *what)
{
	if (!ok) {
		printf("# failed: %s\n", what);
		failures++;
	}
}

/* Waits with its own exception in flight, with another one behind that. */
static intptr_t rethrow(void *arg)
{
	const std::string mine = std::to_string((intptr_t)arg);

	try {
		try {
			throw std::runtime_error(mine);
		} catch (...) {
			usleep(1000 * (N - (intptr_t)arg));
			try {
				throw 1;
			} catch (int) {
				usleep(1000);
			}
			throw;
		}
	} catch (const std::exception &e) {
		check(mine == e.what(), "it is its own exception");
	}
	check(std::uncaught_exceptions() == 0, "none is left");
	return 0;
}

struct waiter {
	~waiter()
	{
		check(std::uncaught_exceptions() == 1, "one is in flight");
		usleep(1000);
		check(std::uncaught_exceptions() == 1, "one still is");
	}
};

static intptr_t unwind(void *)
{
	try {
		waiter w;

		throw std::runtime_error("passes by");
	} catch (const std::exception &) {
		usleep(1000);
	}
	return 0;
}

static void overlap(gev_fn *fn, const char *name)
{
	static int cases;
	gev_greenlet *g[N];

	failures = 0;
	for (intptr_t i = 0; i < N; i++)
		g[i] = gev_spawn(fn, (void *)i);
	for (int i = 0; i < N; i++) {
		check(gev_join(g[i], GEV_SEC(10)) == 0, "it ended");
		gev_unref(g[i]);
	}
	printf("%sok %d - %s\n", failures ? "not " : "", ++cases, name);
}

/* Why greenlets are not threads of their own, or NULL. */
static const char *light()
{
	static char text[512];
	char *line;

	if (gev_patch_all(GEV_PATCH_ALL) < 0)
		return "nothing can be patched here";
	gev_patch_report(text, sizeof(text));
	line = strstr(text, "greenlets are their thread");
	if (line)
		*strchrnul(line, '\n') = '\0';
	return line;
}

int main()
{
	const char *why = light();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	overlap(rethrow, "exceptions_are_thrown_again");
	overlap(unwind, "destructors_wait");
	printf("1..2\n");
	return failures != 0;
}
