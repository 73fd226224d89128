/* SPDX-License-Identifier: MIT */
/*
 * dns_resolve - the addresses of many names, so many at a time.
 *
 *	$ dns_resolve -j 200 < names
 *	a.example 192.0.2.1 2001:db8::1
 *	nosuch.example: Name or service not known
 *
 * A pool has room for so many greenlets, each of which asks for one name as a
 * program with nothing else to do would.  gev_pool_spawn() waits for room; so
 * names are read no faster than they are resolved, whoever writes them.
 *
 * Answers are printed as they come, complaints to standard error, and there a
 * summary at the end; on a terminal, how far it is.  GEV_RESOLVER and so on
 * say who is asked.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gev.h>
#include "tools.h"

#define LINE_SIZE 1200

static gev_pool pool;
static long at_once = 100;
static int family = AF_UNSPEC;
static gev_time limit = GEV_SEC(30); /* for each name */
static int asked, found, unknown, failed;
static gev_time started;

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static void show_progress(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%d of %d names ", found + unknown + failed,
			asked);
}

static void clear_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void print_answer(const char *name, const struct addrinfo *list)
{
	char host[NI_MAXHOST];

	clear_progress();
	fputs(name, stdout);
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
		if (gev_getnameinfo(ai->ai_addr, ai->ai_addrlen, host,
			    sizeof(host), NULL, 0, NI_NUMERICHOST) == 0)
			printf(" %s", host);
	putchar('\n');
	found++;
}

static void complain(const char *name, int code, int error)
{
	clear_progress();
	fprintf(stderr, "%s: %s\n", name,
		code == EAI_SYSTEM ? strerror(error) : gai_strerror(code));
	if (code == EAI_NONAME || code == EAI_NODATA)
		unknown++;
	else
		failed++;
}

/* In a greenlet of the pool. */
static intptr_t resolve(void *arg)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char *name = arg;
	gev_timeout t;
	int code, error;

	gev_timeout_start(&t, limit);
	code = gev_getaddrinfo(name, NULL, &hints, &list);
	error = errno;
	gev_timeout_cancel(&t);
	if (code == 0)
		print_answer(name, list);
	else
		complain(name, code, error);
	gev_freeaddrinfo(list);
	free(name);
	show_progress();
	return 0;
}

/* Waits while the pool is full. */
static void ask(const char *name)
{
	char *copy = strdup(name);
	gev_greenlet *g = NULL;

	if (copy)
		g = gev_pool_spawn(&pool, resolve, copy, GEV_FOREVER);
	if (!g)
		die("%s: %s", name, strerror(errno));
	gev_unref(g);
	asked++;
}

static void ask_each_line(void)
{
	gev_stream *in = gev_stream_open(STDIN_FILENO, 0);
	char line[LINE_SIZE];
	ssize_t n = -1;

	while (in && (n = gev_stream_read_line(in, line, sizeof(line))) > 0) {
		line[strcspn(line, " \t\r\n#")] = '\0';
		if (line[0])
			ask(line);
	}
	if (n < 0)
		die("standard input: %s", strerror(errno));
	gev_stream_close(in);
}

static void print_summary(void)
{
	double seconds = (double)(now() - started) / 1e9;

	clear_progress();
	fprintf(stderr,
		"%d names: %d found, %d unknown, %d failed; %.2f s, %.0f/s\n",
		asked, found, unknown, failed, seconds,
		seconds > 0 ? asked / seconds : 0);
}

static _Noreturn void usage(int status)
{
	fputs("usage: dns_resolve [-46] [-j N] [-t SECONDS] [NAME...]\n"
	      "The addresses of names, or of those on standard input, N at a\n"
	      "time (100), for at most SECONDS each (30).\n",
		status ? stderr : stdout);
	exit(status);
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "46hj:t:", known, NULL)) !=
		-1)
		switch (option) {
		case '4':
			family = AF_INET;
			break;
		case '6':
			family = AF_INET6;
			break;
		case 'j':
			at_once = number_option("j", optarg, 1, 1000000);
			break;
		case 't':
			limit = GEV_SEC(number_option("t", optarg, 1, 86400));
			break;
		default:
			usage(option == 'h' ? 0 : 2);
		}
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	gev_pool_init(&pool, (int)at_once);
	started = now();
	if (optind == argc)
		ask_each_line();
	for (int i = optind; i < argc; i++)
		ask(argv[i]);
	gev_pool_join(&pool, GEV_FOREVER);
	gev_pool_fini(&pool);
	print_summary();
	return found != asked;
}
