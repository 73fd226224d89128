/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <gev/base.h>
#include "tool/tool.h"

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "run", gev__tool_run },
	{ "check", gev__tool_check },
	{ "version", gev__tool_version },
	{ "help", gev__tool_help },
	{ "--version", gev__tool_version },
	{ "--help", gev__tool_help },
	{ "-V", gev__tool_version },
	{ "-h", gev__tool_help },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static const char help[] =
	"Usage: gev COMMAND [ARGUMENT]...\n"
	"Threads as greenlets.\n"
	"\n"
	"  run [OPTION]... PROGRAM [ARGUMENT]...\n"
	"                  run a program, all its threads in one kernel thread\n"
	"  check PROGRAM   tell whether that would work, and why not\n"
	"  version         print the version\n"
	"  help [COMMAND]  print this, or more about a command\n"
	"\n"
	"gev(1) is the manual page; the library's is gev(7).\n";

int gev__tool_misused(const char *command)
{
	fprintf(stderr, "Try 'gev %s--help'.\n", command);
	return GEV__REFUSED;
}

int gev__tool_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("gev: standard output");
	return GEV__REFUSED;
}

int gev__tool_version(int argc, char **argv)
{
	if (argc > 1) {
		fprintf(stderr, "gev version: what is '%s'?\n", argv[1]);
		return gev__tool_misused("");
	}
	printf("gev %s\n", gev_version());
	return gev__tool_flush();
}

static int no_command(const char *name)
{
	fprintf(stderr, "gev: no command '%s'\n", name);
	return gev__tool_misused("");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int dispatch(int argc, char **argv)
{
	const struct command *c = find_command(argv[0]);

	return c ? c->main(argc, argv) : no_command(argv[0]);
}

/* gev help run is gev run --help. */
int gev__tool_help(int argc, char **argv)
{
	char option[] = "--help";
	char *of_command[] = { argc > 1 ? argv[1] : NULL, option, NULL };

	if (argc > 1 && (strcmp(argv[1], "run") == 0 ||
				strcmp(argv[1], "check") == 0))
		return dispatch(2, of_command);
	if (argc > 1 && !find_command(argv[1]))
		return no_command(argv[1]);
	fputs(help, stdout);
	return gev__tool_flush();
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs(help, stderr);
		return GEV__REFUSED;
	}
	return dispatch(argc - 1, argv + 1);
}
