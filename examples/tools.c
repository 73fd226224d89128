/* SPDX-License-Identifier: MIT */
#include "tools.h"

#include <errno.h>
#include <getopt.h>
#include <gev/patch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

void die(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void show(const char *usage)
{
	puts(usage);
	exit(0);
}

void check_arguments(int argc, char **argv, int least, int most,
	const char *usage)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help"))
			show(usage);
		else if (argv[i][0] == '-')
			die("what is \"%s\"?  See --help", argv[i]);
	if (argc - 1 < least || argc - 1 > most)
		die("too %s arguments; see --help",
			argc - 1 < least ? "few" : "many");
}

void no_more_arguments(int argc, char **argv)
{
	if (optind < argc)
		die("what is \"%s\"?  See --help", argv[optind]);
}

/* What is in capitals is an argument's name. */
static const char *dashes(const char *name)
{
	if (*name >= 'A' && *name <= 'Z')
		return "";
	return name[1] ? "--" : "-";
}

long number_option(const char *name, const char *text, long min, long max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		die("%s%s wants a number from %ld to %ld, not \"%s\"",
			dashes(name), name, min, max, text);
	return value;
}

long port_option(int argc, char **argv, const char *usage)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	long port = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'p')
			port = number_option("port", optarg, 0, 65535);
		else if (c == 'h')
			show(usage);
		else
			exit(2);
	no_more_arguments(argc, argv);
	return port;
}

void serve_until_term(const struct gev_server_options *options,
	const char *doing, gev_time patience)
{
	gev_server *server = gev_server_new(options);
	char address[128];

	if (!server || gev_server_start(server) < 0)
		die("cannot listen on %s: %s", options->address,
			strerror(errno));
	if (gev_server_stop_on(server, SIGTERM, patience) < 0)
		die("cannot watch for SIGTERM: %s", strerror(errno));
	gev_server_address(server, address, sizeof(address));
	printf("%s on %s\n", doing, address);
	fflush(stdout);
	if (gev_server_serve_forever(server) < 0)
		die("cannot go on: %s", strerror(errno));
	gev_server_free(server);
}

long raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 1000000 ? 1000000 : (long)limit.rlim_cur;
}

void patch_libc(void)
{
	char why[256];

	if (gev_patch_all(GEV_PATCH_ALL) == 0)
		return;
	gev_patch_report(why, sizeof(why));
	die("libc can't be patched here: %s",
		errno == ENOTSUP ? strtok(why, "\n") : strerror(errno));
}
