/* SPDX-License-Identifier: MIT */
/*
 * select_server - adds up the numbers that its clients send, until SIGTERM.
 *
 *	$ select_server --port 7000
 *	adding on port 7000
 *
 * Clients send a number on each line and get the sum of all so far, of all
 * clients.  The sum is no shared variable: the greenlet in serve() owns it, and
 * connections ask for it over a channel.  It waits for whichever comes first: a
 * connection, a number, the end of one, or the order to stop.
 *
 * That order is an event, which everybody looks out for while waiting: serve()
 * no longer accepts, connections say "bye" and leave, and when the last has
 * gone the server tells the sum and ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

#define LINE_SIZE 64
#define PAUSE GEV_MS(50)

/* What a connection tells serve(), which answers over its channel. */
struct number {
	long value;
	gev_chan *answer; /* of a long */
};

static gev_chan *numbers;               /* of struct number */
static gev_chan *leaving;               /* of nothing: a connection ended */
static gev_event stopping = GEV_EVENT_INIT;

static int say(int fd, const char *text)
{
	return gev_sendall(fd, text, strlen(text), MSG_NOSIGNAL, GEV_SEC(10),
		NULL);
}

static int add(int fd, const char *line, gev_chan *answer)
{
	struct number n = { strtol(line, NULL, 10), answer };
	char text[LINE_SIZE];
	long sum;

	if (gev_chan_send(numbers, &n, GEV_FOREVER) < 0 ||
		gev_chan_recv(answer, &sum, GEV_FOREVER) < 0)
		return -1;
	snprintf(text, sizeof(text), "%ld\n", sum);
	return say(fd, text);
}

/* Adds the complete lines of @text and keeps the rest in front. */
static int add_lines(int fd, char *text, gev_chan *answer)
{
	char *line = text, *end;

	while ((end = strchr(line, '\n'))) {
		if (add(fd, line, answer) < 0)
			return -1;
		line = end + 1;
	}
	memmove(text, line, strlen(line) + 1);
	return 0;
}

/* Until the client has had enough, or the server stops. */
static void talk(int fd, gev_chan *answer)
{
	gev_choice choices[] = { GEV_CHOOSE_READ(fd),
		GEV_CHOOSE_EVENT(&stopping) };
	char text[LINE_SIZE] = "";

	while (gev_choose(choices, 2, GEV_FOREVER) == 0) {
		size_t used = strlen(text);
		ssize_t n = gev_recv(fd, text + used, LINE_SIZE - 1 - used, 0);

		if (n <= 0) /* 0 also if a line is too long */
			return;
		text[used + (size_t)n] = '\0';
		if (add_lines(fd, text, answer) < 0)
			return;
	}
	say(fd, "bye\n");
}

static intptr_t connection(void *arg)
{
	int fd = (int)(intptr_t)arg;
	gev_chan *answer = gev_chan_new(sizeof(long), 1);

	if (answer)
		talk(fd, answer);
	gev_close(fd);
	gev_chan_free(answer);
	return gev_chan_send(leaving, NULL, GEV_FOREVER);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
		error == ENOMEM;
}

/* Adds to @clients.  Returns whether there can be another. */
static bool accept_one(int listener, long *clients)
{
	int fd = gev_accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return !is_shortage(errno);
	if (gev_go(connection, (void *)(intptr_t)fd) == 0)
		++*clients;
	else
		gev_close(fd);
	return true;
}

/* Whom we can't accept keeps the listener ready: look away for a while. */
static gev_time stop_accepting(gev_choice *connection)
{
	connection->kind = GEV_CHOICE_NEVER;
	return PAUSE;
}

static gev_time start_accepting(gev_choice *connection)
{
	connection->kind = GEV_CHOICE_READ;
	return GEV_FOREVER;
}

static long serve(int listener)
{
	enum { CONNECTION, NUMBER, LEAVING, STOPPING, ALL };
	struct number n;
	gev_choice choices[ALL] = {
		[CONNECTION] = GEV_CHOOSE_READ(listener),
		[NUMBER] = GEV_CHOOSE_RECV(numbers, &n),
		[LEAVING] = GEV_CHOOSE_RECV(leaving, NULL),
		[STOPPING] = GEV_CHOOSE_EVENT(&stopping),
	};
	long sum = 0, clients = 0;
	gev_time pause = GEV_FOREVER;

	while (clients > 0 || !gev_event_is_set(&stopping)) {
		switch (gev_choose(choices, ALL, pause)) {
		case CONNECTION:
			if (!accept_one(listener, &clients))
				pause = stop_accepting(&choices[CONNECTION]);
			break;
		case NUMBER:
			sum += n.value;
			gev_chan_send(n.answer, &sum, 0);
			break;
		case LEAVING:
			clients--;
			if (pause != GEV_FOREVER)
				pause = start_accepting(&choices[CONNECTION]);
			break;
		case STOPPING:
			choices[CONNECTION].kind = GEV_CHOICE_NEVER;
			choices[STOPPING].kind = GEV_CHOICE_NEVER;
			pause = GEV_FOREVER;
			break;
		default:
			if (errno != ETIMEDOUT)
				die("cannot wait: %s", strerror(errno));
			pause = start_accepting(&choices[CONNECTION]);
		}
	}
	return sum;
}

static int stop(gev_watcher *w, int revents, void *arg)
{
	(void)w, (void)revents, (void)arg;
	return gev_event_set(&stopping);
}

/* A nonblocking one: a client may be gone before it is accepted. */
static int open_listener(long port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	int fd = gev_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, size) < 0 ||
		listen(fd, SOMAXCONN) < 0 ||
		getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		die("cannot listen on port %ld: %s", port, strerror(errno));
	printf("adding on port %d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

static const char usage[] =
	"usage: select_server [--port N]\n"
	"Add up the numbers that clients send, one on a line, until SIGTERM.\n\n"
	"  --port N   port of 127.0.0.1 (0: any, see the first line)\n"
	"  --help     this";

int main(int argc, char **argv)
{
	long port = port_option(argc, argv, usage);
	gev_signal_watcher term;
	int listener;

	numbers = gev_chan_new(sizeof(struct number), 0);
	leaving = gev_chan_new(0, 0);
	gev_signal_init(&term, gev_hub_loop(gev_hub_get()), SIGTERM);
	if (!numbers || !leaving || gev_signal_start(&term, stop, NULL) < 0)
		die("cannot start: %s", strerror(errno));
	listener = open_listener(port);
	printf("the sum is %ld\n", serve(listener));
	gev_watcher_stop(&term.w);
	gev_close(listener);
	gev_chan_free(numbers);
	gev_chan_free(leaving);
	return 0;
}
