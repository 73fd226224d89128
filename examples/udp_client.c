/* SPDX-License-Identifier: MIT */
/*
 * udp_client - asks a udp_server, all questions at the same time.
 *
 *	$ udp_client --port 7000 "set colour blue" "get colour" "get size"
 *	set colour blue: blue
 *	get colour: blue
 *	get size: none
 *
 * Datagrams get lost.  So each question has a greenlet and a socket of its own,
 * is asked again when there is no answer for a while, and given up after some
 * tries.  The status is 1 if one was not answered.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

static struct sockaddr_in server;
static long tries = 5;
static gev_time patience = GEV_MS(500);

struct question {
	const char *text;
	char answer[128];
	const char *error;
	gev_greenlet *asker;
};

/* The size of the answer, or -1. */
static ssize_t ask_once(int fd, struct question *q)
{
	struct gev_timeout t;
	ssize_t n = -1;

	if (gev_timeout_start(&t, patience) < 0)
		return -1;
	if (gev_send(fd, q->text, strlen(q->text), 0) >= 0)
		n = gev_recv(fd, q->answer, sizeof(q->answer) - 1, 0);
	gev_timeout_cancel(&t);
	return n;
}

/* Nobody there may mean: not there yet. */
static bool is_worth_another_try(int error)
{
	if (error == ECONNREFUSED)
		gev_sleep(patience);
	return error == ETIMEDOUT || error == ECONNREFUSED;
}

static void ask_on(int fd, struct question *q)
{
	for (long i = 0; i < tries; i++) {
		if (ask_once(fd, q) >= 0) {
			q->error = NULL;
			return;
		}
		q->error = strerror(errno);
		if (!is_worth_another_try(errno))
			return;
	}
}

static intptr_t ask(void *arg)
{
	struct question *q = arg;
	int fd = gev_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || gev_connect(fd, (void *)&server, sizeof(server)) < 0)
		q->error = strerror(errno);
	else
		ask_on(fd, q);
	if (fd >= 0)
		gev_close(fd);
	return 0;
}

static const char usage[] =
	"usage: udp_client [options] QUESTION...\n"
	"Ask a udp_server, all questions at the same time.\n\n"
	"  --port N        its port on 127.0.0.1 (7000)\n"
	"  --tries N       how often to ask for an answer (5)\n"
	"  --patience MS   how long to wait for it each time (500)\n"
	"  --help          this";

static void arguments(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "tries", required_argument, NULL, 't' },
		{ "patience", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	long port = 7000;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'p')
			port = number_option("port", optarg, 1, 65535);
		else if (c == 't')
			tries = number_option("tries", optarg, 1, 1000);
		else if (c == 'w') /* in milliseconds */
			patience = GEV_MS(number_option("patience", optarg, 1,
				3600000));
		else if (c == 'h')
			show(usage);
		else
			exit(2);
	server.sin_family = AF_INET;
	server.sin_port = htons((uint16_t)port);
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

/* Prints the answers in order, each once it and those before are there. */
static int report(struct question *questions, int n)
{
	int status = 0;

	for (int i = 0; i < n; i++) {
		struct question *q = &questions[i];

		gev_join(q->asker, GEV_FOREVER);
		gev_unref(q->asker);
		if (q->error)
			status = 1;
		printf("%s: %s\n", q->text, q->error ? q->error : q->answer);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct question *questions;
	int n, status;

	arguments(argc, argv);
	n = argc - optind;
	questions = calloc((size_t)n + 1, sizeof(*questions));
	for (int i = 0; questions && i < n; i++) {
		questions[i].text = argv[optind + i];
		questions[i].asker = gev_spawn(ask, &questions[i]);
		if (!questions[i].asker)
			die("cannot ask: %s", strerror(errno));
	}
	status = questions ? report(questions, n) : 1;
	free(questions);
	return status;
}
