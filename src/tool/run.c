/* SPDX-License-Identifier: MIT */
/*
 * gev run: looks at the program, puts the preloaded library into the
 * environment, and becomes the program.  Nothing is in between then, so exit
 * status, signals and the terminal are the program's own.
 *
 * The library is told what to do in one variable, GEV_RUN: words with commas
 * in between (src/run/options.c reads them).
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tool/examine.h"
#include "tool/find.h"
#include "tool/tool.h"

struct request {
	bool force;
	bool gdb;
	char words[256];       /* GEV_RUN */
	char library[PATH_MAX]; /* to be preloaded; what is for gdb is there */
	char **argv;           /* of the program */
	int argc;
};

static const char help[] =
	"Usage: gev run [OPTION]... PROGRAM [ARGUMENT]...\n"
	"Run PROGRAM with all its threads in one kernel thread, as greenlets.\n"
	"\n"
	"      --no-follow        not the programs that it executes\n"
	"      --no-file-offload  read and write files in that one thread\n"
	"      --stats            say on standard error at its end what was "
	"done\n"
	"  -v, --verbose          say on standard error how it is done\n"
	"      --force            even if `gev check` finds that it won't work\n"
	"      --gdb              under gdb, which is told what it must know\n"
	"  -h, --help             print this\n"
	"\n"
	"Exit status: that of PROGRAM; 125 it was refused, 126 it can't be\n"
	"executed, 127 it was not found.\n";

static const struct option options[] = {
	{ "no-follow", no_argument, NULL, 'n' },
	{ "no-file-offload", no_argument, NULL, 'o' },
	{ "stats", no_argument, NULL, 's' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "force", no_argument, NULL, 'f' },
	{ "gdb", no_argument, NULL, 'g' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void add_word(struct request *r, const char *word)
{
	size_t used = strlen(r->words);

	snprintf(r->words + used, sizeof(r->words) - used, ",%s", word);
}

/* Ours comes first, so that it stays first.  NULL: no memory. */
static char *preloads(const struct request *r)
{
	const char *others = getenv("LD_PRELOAD");
	char *all;

	return asprintf(&all, "%s%s%s", r->library,
		       others && *others ? ":" : "", others ? others : "") < 0 ?
		       NULL : all;
}

static int failed_to_execute(const char *name)
{
	int error = errno;

	fprintf(stderr, "gev run: %s: %s\n", name, strerror(error));
	return error == ENOENT ? GEV__NOT_FOUND : GEV__NOT_EXECUTABLE;
}

static int failed(void)
{
	perror("gev run");
	return GEV__REFUSED;
}

static int execute(const struct request *r, const char *preload,
	const char *hint)
{
	if (setenv("LD_PRELOAD", preload, 1) < 0 ||
		setenv("GEV_RUN", r->words, 1) < 0 ||
		setenv(GEV__HINT, hint, 1) < 0)
		return failed();
	execvp(r->argv[0], r->argv);
	return failed_to_execute(r->argv[0]);
}

/* The program alone gets the environment: neither gdb nor its shell. */
static char *wrapper(const struct request *r, const char *preload,
	const char *hint)
{
	char *command;

	return asprintf(&command, "set exec-wrapper env LD_PRELOAD='%s' "
		       "GEV_RUN='%s' " GEV__HINT "='%s'", preload, r->words,
		       hint) < 0 ? NULL : command;
}

static char *script(const struct request *r)
{
	const char *slash = strrchr(r->library, '/');
	char *path;

	return asprintf(&path, "%.*s/gev-gdb.py", (int)(slash - r->library),
		       r->library) < 0 ? NULL : path;
}

static int debug(const struct request *r, const char *preload, const char *hint)
{
	char *with = wrapper(r, preload, hint), *told = script(r);
	char *const first[] = { "gdb", "-q", "-ex",
		"handle SIGSYS nostop noprint pass", "-ex", with, "-x", told,
		"--args" };
	const size_t n = sizeof(first) / sizeof(*first);
	char **argv = calloc(n + 1 + (size_t)r->argc, sizeof(*argv));

	if (!argv || !with || !told)
		return failed();
	memcpy(argv, first, sizeof(first));
	memcpy(argv + n, r->argv, (size_t)r->argc * sizeof(*argv));
	execvp(argv[0], argv);
	return failed_to_execute(argv[0]);
}

static int run(struct request *r)
{
	struct gev__findings f = { .n = 0 };
	const struct gev__finding *bad;
	char *preload;
	int status;

	gev__examine(&f, r->argv[0]);
	bad = gev__findings_bad(&f);
	if (bad && !(r->force && f.status == GEV__REFUSED)) {
		fprintf(stderr, "gev run: %s\n", bad->text);
		return f.status;
	}
	if (gev__find_preload(r->library) < 0) {
		fprintf(stderr, "gev run: %s is missing\n", r->library);
		return GEV__REFUSED;
	}
	if (strpbrk(r->library, " :")) {
		fprintf(stderr, "gev run: can't preload from %s: a blank or "
				"colon in its path\n", r->library);
		return GEV__REFUSED;
	}
	preload = preloads(r);
	if (!preload)
		return failed();
	status = r->gdb ? debug(r, preload, f.hint) :
			  execute(r, preload, f.hint);
	free(preload);
	return status;
}

/* -1: go on; else the status to exit with. */
static int take_option(struct request *r, int c)
{
	switch (c) {
	case 'n':
		add_word(r, "no-follow");
		return -1;
	case 'o':
		add_word(r, "no-file-offload");
		return -1;
	case 's':
		add_word(r, "stats");
		return -1;
	case 'v':
		add_word(r, "verbose");
		return -1;
	case 'f':
		r->force = true;
		return -1;
	case 'g':
		r->gdb = true;
		return -1;
	case 'h':
		fputs(help, stdout);
		return gev__tool_flush();
	default:
		return gev__tool_misused("run ");
	}
}

int gev__tool_run(int argc, char **argv)
{
	struct request r = { .words = "1" };
	char name[] = "gev run";
	int c, status;

	argv[0] = name;
	while ((c = getopt_long(argc, argv, "+hv", options, NULL)) != -1) {
		status = take_option(&r, c);
		if (status >= 0)
			return status;
	}
	if (optind == argc) {
		fputs("gev run: which program?\n", stderr);
		return gev__tool_misused("run ");
	}
	r.argv = argv + optind;
	r.argc = argc - optind;
	return run(&r);
}
