/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include "tool/examine.h"
#include "tool/tool.h"

static const char help[] =
	"Usage: gev check [OPTION]... PROGRAM\n"
	"Tell whether `gev run` can run PROGRAM, and if not, why.\n"
	"\n"
	"      --json  print it as JSON\n"
	"  -h, --help  print this\n"
	"\n"
	"Nothing is run.  Exit status: 0 it can, 1 it can't, 125 wrong usage.\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};

static int check(const char *program, bool json)
{
	struct gev__findings f = { .deep = true };

	gev__examine(&f, program);
	if (json)
		gev__findings_json(&f, program);
	else
		gev__findings_print(&f, program);
	if (gev__tool_flush())
		return GEV__REFUSED;
	return gev__findings_bad(&f) != NULL;
}

int gev__tool_check(int argc, char **argv)
{
	bool json = false;
	char name[] = "gev check";
	int c;

	argv[0] = name;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(help, stdout);
			return gev__tool_flush();
		case 'j':
			json = true;
			break;
		default:
			return gev__tool_misused("check ");
		}
	}
	if (optind != argc - 1) {
		fputs(optind == argc ? "gev check: which program?\n" :
				       "gev check: one program at a time\n",
			stderr);
		return gev__tool_misused("check ");
	}
	return check(argv[optind], json);
}
