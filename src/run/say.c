/* SPDX-License-Identifier: MIT */
/*
 * What --verbose and --stats tell: lines on standard error, or what that was at
 * the beginning, since programs close it at their end.  No libc call.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/signal.h"
#include "base/text.h"
#include "core/greenlet.h"
#include "run/call.h"
#include "run/engine.h"
#include "run/hub.h"
#include "run/run.h"

/* Where no program looks. */
#define COPY_FROM 900

#define KINDS 24 /* of waits that are counted */
#define COLUMN 12

static char room[32768];

/* Standard error as it was; the program may close the copy while it is alone. */
static struct {
	long fd;
	struct stat st;
} output = { .fd = STDERR_FILENO };

/* While there is one thread: then it is dispatched.c's. */
static void on_request(int signum, siginfo_t *info, void *context)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };

	(void)context;
	if (info->si_code == SI_USER) {
		gev__run_stats_asked();
		return;
	}
	gev__sigaction(signum, &standard, NULL);
	gev__sys(SYS_tgkill, gev__sys(SYS_getpid), gev__sys(SYS_gettid),
		signum);
}

static void take_requests(void)
{
	const struct sigaction action = { .sa_sigaction = on_request,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	gev__sigaction(SIGSYS, &action, NULL);
}

void gev__run_say_open(void)
{
	long fd = gev__sys(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC,
		COPY_FROM);

	if (fd >= 0 && gev__sys(SYS_fstat, fd, &output.st) == 0)
		output.fd = fd;
	if (gev__run_options.stats)
		take_requests();
}

static void add_name(struct gev__text *t)
{
	gev__text_add(t, "gev[");
	gev__text_num(t, (uint64_t)gev__sys(SYS_getpid));
	gev__text_add(t, "]: ");
}

static struct gev__text begin(void)
{
	struct gev__text t = gev__text_in(room, sizeof(room));

	add_name(&t);
	return t;
}

/* Nothing is to go into a file of the program's. */
static bool is_still_there(void)
{
	struct stat st;

	return output.fd == STDERR_FILENO ||
	       (gev__sys(SYS_fstat, output.fd, &st) == 0 &&
		       st.st_dev == output.st.st_dev &&
		       st.st_ino == output.st.st_ino);
}

static void put(const char *text, size_t size)
{
	if (is_still_there())
		gev__sys(SYS_write, output.fd, text, size);
}

/* In one piece, that the lines of several processes do not mix. */
static void end(struct gev__text *t)
{
	size_t length = t->len < t->size ? t->len : t->size - 1;

	t->buf[length] = '\n';
	put(t->buf, length + 1);
}

void gev__run_say(const char *what, const char *more)
{
	struct gev__text t = begin();

	gev__text_add(&t, what);
	gev__text_add(&t, more);
	end(&t);
}

void gev__run_say_sites(const char *what)
{
	const struct gev__sites *sites = gev__run_engine_sites();
	struct gev__text t = begin();
	size_t patched = 0;

	for (size_t i = 0; i < sites->n; i++)
		patched += sites->site[i].patched;
	gev__text_add(&t, sites->object.name);
	gev__text_add(&t, ": ");
	gev__text_num(&t, patched);
	gev__text_add(&t, " system calls rewritten, by ");
	gev__text_add(&t, gev__run_engine_way());
	gev__text_add(&t, what);
	end(&t);
}

static void add_column(struct gev__text *t, uint64_t n)
{
	char digits[24];
	struct gev__text number = gev__text_in(digits, sizeof(digits));

	gev__text_num(&number, n);
	for (size_t i = gev__text_end(&number); i < COLUMN; i++)
		gev__text_char(t, ' ');
	gev__text_add(t, digits);
}

static void add_call(struct gev__text *t, long nr)
{
	const char *name = gev__run_call_name(nr);
	unsigned long all = gev__run_counts[nr], trapped = gev__run_trapped[nr];

	gev__text_char(t, '\n');
	add_name(t);
	add_column(t, all > trapped ? all - trapped : 0);
	add_column(t, trapped);
	gev__text_add(t, "  ");
	if (name)
		gev__text_add(t, name);
	else
		gev__text_num(t, (uint64_t)nr);
}

static void say_calls(void)
{
	struct gev__text t = begin();

	bool any = false;

	/* How they were caught; add_column()'s width. */
	gev__text_add(&t, "        jump    dispatch  call");
	for (long nr = 0; nr < GEV__PATCH_CALLS; nr++) {
		if (!gev__run_counts[nr] && !gev__run_trapped[nr])
			continue;
		add_call(&t, nr);
		any = true;
	}
	if (any)
		end(&t);
}

struct kind {
	const char *what;
	unsigned n;
};

/* How many there are of each kind; what they are about is left out. */
static void count(struct kind kinds[KINDS], const char *what)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].what && kinds[i].what != what)
			continue;
		kinds[i].what = what;
		kinds[i].n++;
		return;
	}
}

static void add_waits(struct gev__text *t, struct gev_hub *hub)
{
	struct kind kinds[KINDS];
	struct gev_list *node;

	gev__zero(kinds, sizeof(kinds));
	gev__list_for_each(node, &hub->greenlets) {
		gev_coro *c = gev__container(node, gev_greenlet, all)->coro;

		if (c->waiter && c->waiter->what)
			count(kinds, c->waiter->what);
	}
	for (size_t i = 0; i < KINDS && kinds[i].n; i++) {
		gev__text_add(t, i ? ", " : "; waiting: ");
		gev__text_add(t, kinds[i].what);
		gev__text_char(t, ' ');
		gev__text_num(t, kinds[i].n);
	}
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
	if (hub)
		add_waits(&t, hub);
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

static void say_lines(char *text)
{
	for (char *end = text; *end; end++) {
		if (*end != '\n')
			continue;
		*end = '\0';
		gev__run_say(text, "");
		text = end + 1;
	}
}

static void say_waits(struct gev_hub *hub)
{
	size_t size = gev_hub_describe(hub, NULL, 0) + 1;
	char *text = gev__map(size);

	if (!text)
		return;
	gev_hub_describe(hub, text, size);
	say_lines(text);
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
