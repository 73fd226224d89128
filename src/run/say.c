/* SPDX-License-Identifier: MIT */
/*
 * What --verbose and --stats tell: lines on standard error, or what that was at
 * the beginning, since programs close it at their end.  No libc call.
 */
#include <fcntl.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/text.h"
#include "run/call.h"
#include "run/engine.h"
#include "run/hub.h"
#include "run/run.h"

/* Where no program looks. */
#define COPY_FROM 900

static char room[8192];
static long error_output = STDERR_FILENO;

void gev__run_say_open(void)
{
	long fd = gev__sys(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC,
		COPY_FROM);

	if (fd >= 0)
		error_output = fd;
}

static struct gev__text begin(void)
{
	struct gev__text t = gev__text_in(room, sizeof(room));

	gev__text_add(&t, "gev[");
	gev__text_num(&t, (uint64_t)gev__sys(SYS_getpid));
	gev__text_add(&t, "]: ");
	return t;
}

/* In one piece, that the lines of several processes do not mix. */
static void end(struct gev__text *t)
{
	size_t length = t->len < t->size ? t->len : t->size - 1;

	t->buf[length] = '\n';
	gev__sys(SYS_write, error_output, t->buf, length + 1);
}

void gev__run_say(const char *what, const char *more)
{
	struct gev__text t = begin();

	gev__text_add(&t, what);
	gev__text_add(&t, more);
	end(&t);
}

void gev__run_say_sites(void)
{
	const struct gev__sites *sites = gev__run_engine_sites();
	struct gev__text t = begin();
	size_t patched = 0;

	for (size_t i = 0; i < sites->n; i++)
		patched += sites->site[i].patched;
	gev__text_add(&t, sites->object.name);
	gev__text_add(&t, ": ");
	gev__text_num(&t, sites->n);
	gev__text_add(&t, " system calls, ");
	gev__text_num(&t, patched);
	gev__text_add(&t, gev__run_catching ?
		" rewritten, all others dispatched by the kernel" :
		" rewritten: there is but one thread");
	end(&t);
}

static void add_call(struct gev__text *t, long nr)
{
	gev__text_char(t, ' ');
	if (gev__patch_table[nr].name) {
		gev__text_add(t, gev__patch_table[nr].name);
	} else {
		gev__text_char(t, '#');
		gev__text_num(t, (uint64_t)nr);
	}
	gev__text_char(t, '=');
	gev__text_num(t, gev__run_counts[nr]);
}

static void say_calls(void)
{
	struct gev__text t = begin();

	gev__text_add(&t, "calls:");
	for (long nr = 0; nr < GEV__PATCH_CALLS; nr++)
		if (gev__run_counts[nr])
			add_call(&t, nr);
	gev__text_add(&t, "; dispatched by the kernel: ");
	gev__text_num(&t, gev__run_caught);
	end(&t);
}

static void say_threads(void)
{
	struct gev_hub *hub = gev__hub_here();
	struct gev__text t = begin();

	gev__text_add(&t, "threads: ");
	gev__text_num(&t, gev__run_threads);
	gev__text_add(&t, " now, ");
	gev__text_num(&t, gev__run_made + 1);
	gev__text_add(&t, " in all; switches: ");
	gev__text_num(&t, hub ? hub->stats.switches : 0);
	end(&t);
}

void gev__run_say_stats(void)
{
	static bool said;

	if (!gev__run_options.stats || said)
		return;
	said = true;
	say_threads();
	say_calls();
}

static void say_waits(struct gev_hub *hub)
{
	size_t size = gev_hub_describe(hub, NULL, 0) + 1;
	char *text = gev__map(size);

	if (!text)
		return;
	gev__sys(SYS_write, error_output, text,
		gev_hub_describe(hub, text, size));
	gev__unmap(text, size);
}

static volatile bool asked;

void gev__run_say_asked(void)
{
	if (!asked)
		return;
	asked = false;
	say_threads();
	say_calls();
	say_waits(gev__hub_here());
}

void gev__run_stats_asked(void)
{
	asked = gev__run_options.stats;
	if (gev__run_inside)
		gev__run_hub_alarm();
	else
		gev__run_say_asked();
}

long gev__run_exit_group(struct gev__run_call *c)
{
	(void)c;
	gev__run_say_stats();
	return GEV__PASS;
}
