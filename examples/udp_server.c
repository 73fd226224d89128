/* SPDX-License-Identifier: MIT */
/*
 * udp_server - a small dictionary that is asked by datagrams, until SIGTERM.
 *
 *	$ udp_server --port 7000
 *	answering on port 7000
 *
 * Whoever sends "set NAME VALUE" or "get NAME" gets the value back, or "none".
 * Each datagram has a greenlet of its own, so that one may take its time
 * ("slow get NAME" is for trying that) while others are answered.
 *
 * On SIGTERM the server no longer receives, finishes what it has begun, says
 * how much it has answered, and ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

enum { NAMES = 100, TEXT = 64, AT_A_TIME = 1000 };

/* A question, and who asked it. */
struct question {
	int fd;
	struct sockaddr_in from;
	char text[2 * TEXT + 16];
};

static struct entry {
	char name[TEXT], value[TEXT];
} entries[NAMES];

static unsigned long answered;

/* That of @name, or a free one to take; NULL if there is none. */
static struct entry *find(const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (!entries[i].name[0] || !strcmp(entries[i].name, name))
			return &entries[i];
	return NULL;
}

static const char *set(const char *name, const char *value)
{
	struct entry *e = find(name);

	if (!e)
		return "full";
	strcpy(e->name, name);
	strcpy(e->value, value);
	return e->value;
}

static const char *get(const char *name)
{
	const struct entry *e = find(name);

	return e && e->name[0] ? e->value : "none";
}

static bool is_long(const char *word)
{
	return word && strlen(word) >= TEXT;
}

static const char *answer_to(char *text)
{
	char *rest, *verb = strtok_r(text, " \n", &rest), *name, *value;

	if (verb && !strcmp(verb, "slow")) {
		gev_sleep(GEV_MS(200));
		verb = strtok_r(NULL, " \n", &rest);
	}
	name = verb ? strtok_r(NULL, " \n", &rest) : NULL;
	value = name ? strtok_r(NULL, " \n", &rest) : NULL;
	if (is_long(name) || is_long(value))
		return "too long";
	if (value && !strcmp(verb, "set"))
		return set(name, value);
	if (name && !strcmp(verb, "get"))
		return get(name);
	return "what?";
}

static intptr_t answer(void *arg)
{
	struct question *q = arg;
	const char *text = answer_to(q->text);

	/* Should nobody be there any more, that is their affair. */
	if (gev_sendto(q->fd, text, strlen(text), 0,
		    (struct sockaddr *)&q->from, sizeof(q->from)) >= 0)
		answered++;
	free(q);
	return 0;
}

/* NULL: the server stops, or can't go on. */
static struct question *next_question(int fd)
{
	struct question *q = calloc(1, sizeof(*q));
	socklen_t size = sizeof(q->from);

	if (!q)
		return NULL;
	q->fd = fd;
	if (gev_recvfrom(fd, q->text, sizeof(q->text) - 1, 0,
		    (struct sockaddr *)&q->from, &size) >= 0)
		return q;
	free(q);
	return NULL;
}

/* The pool makes it wait while too many are being answered. */
static intptr_t serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	gev_pool pool = GEV_POOL_INIT(AT_A_TIME);
	struct question *q;

	while ((q = next_question(fd))) {
		if (gev_pool_go(&pool, answer, q, GEV_FOREVER) == 0)
			continue;
		free(q);
		break;
	}
	gev_shield_begin(); /* it was killed, but may wait for these */
	gev_pool_join(&pool, GEV_SEC(10));
	gev_shield_end();
	gev_pool_fini(&pool);
	return 0;
}

static int stop(gev_watcher *w, int revents, void *arg)
{
	(void)w, (void)revents;
	return gev_kill(arg, 0);
}

static int open_socket(long port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = gev_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("cannot use port %ld: %s", port, strerror(errno));
	return fd;
}

static const char usage[] =
	"usage: udp_server [--port N]\n"
	"Answer \"set NAME VALUE\" and \"get NAME\" by UDP, until SIGTERM.\n\n"
	"  --port N   port of 127.0.0.1 (0: any, see the first line)\n"
	"  --help     this";

int main(int argc, char **argv)
{
	int fd = open_socket(port_option(argc, argv, usage));
	gev_greenlet *server = gev_spawn(serve, (void *)(intptr_t)fd);
	gev_signal_watcher term;

	gev_signal_init(&term, gev_hub_loop(gev_hub_get()), SIGTERM);
	if (!server || gev_signal_start(&term, stop, server) < 0)
		die("cannot start: %s", strerror(errno));
	printf("answering on port %d\n", gev_socket_port(fd));
	fflush(stdout);
	gev_join(server, GEV_FOREVER);
	gev_watcher_stop(&term.w);
	gev_unref(server);
	gev_close(fd);
	printf("%lu answers\n", answered);
	return 0;
}
