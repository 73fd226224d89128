/* SPDX-License-Identifier: MIT */
/*
 * Happy eyeballs (RFC 8305): attempts at all addresses of a host, begun one
 * after the other, until one of them succeeds.
 *
 *	::1 ------------------------------------ (no answer) ---- closed
 *	    |-- 250 ms --| 127.0.0.1 -- refused
 *	                              | fe80::2 -- connected
 *
 * All are made by the calling greenlet, with sockets that do not wait.  It
 * leaves in one place, so no descriptor is lost however the wait ends.
 */
#include "net/tcp.h"
#include <fcntl.h>
#include <gev/dns.h>
#include <gev/hub.h>
#include <gev/loop.h>
#include <gev/poll.h>
#include <gev/tcp.h>
#include <gev/timeout.h>
#include <netinet/in.h>
#include "base/error.h"
#include "calls/calls.h"

#define ATTEMPT_DELAY GEV_MS(250)
#define PENDING_MAX 16 /* that is 4 s; the next waits until one has failed */

struct race {
	int family;                   /* of the first address */
	const struct addrinfo *same;  /* the next one of that family */
	const struct addrinfo *other; /* the next one of another */
	bool others_turn;
	const struct addrinfo *from;
	struct pollfd pending[PENDING_MAX];
	nfds_t count;
	gev_time due;                 /* when the next attempt is to begin */
	int error;                    /* what to fail with; 0: none has */
};

static const struct addrinfo *search(const struct addrinfo *ai, int family,
	bool same)
{
	while (ai && (ai->ai_family == family) != same)
		ai = ai->ai_next;
	return ai;
}

/* The next address, the families in turn; NULL: there is none. */
static const struct addrinfo *next_address(struct race *race)
{
	bool other = race->other && (race->others_turn || !race->same);
	const struct addrinfo **at = other ? &race->other : &race->same;
	const struct addrinfo *ai = *at;

	race->others_turn = !other;
	if (ai)
		*at = search(ai->ai_next, race->family, !other);
	return ai;
}

static bool has_next(const struct race *race)
{
	return race->same || race->other;
}

/* The attempt never left this machine. */
static bool no_way(int error)
{
	return error == -ENETUNREACH || error == -EADDRNOTAVAIL ||
	       error == -EAFNOSUPPORT;
}

static void note(struct race *race, int error)
{
	if (!race->error || (no_way(race->error) && !no_way(error)))
		race->error = error;
}

static int bind_to(int fd, int family, const struct addrinfo *from)
{
	int on = 1, r = -EADDRNOTAVAIL;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	for (; r < 0 && from; from = from->ai_next) {
		if (from->ai_family != family)
			continue;
		r = bind(fd, from->ai_addr, from->ai_addrlen);
		if (r < 0)
			r = -errno;
	}
	return r;
}

/* Begins an attempt.  1: connected; 0: under way; or -errno. */
static int begin(int fd, const struct addrinfo *to, const struct addrinfo *from)
{
	int r = from ? bind_to(fd, to->ai_family, from) : 0;

	if (r < 0)
		return r;
	r = (int)gev__call_connect(fd, to->ai_addr, to->ai_addrlen);
	return r == 0 ? 1 : r == -EINPROGRESS ? 0 : r;
}

/* The next attempt.  Its descriptor if it is connected, or -1. */
static int attempt(struct race *race)
{
	const struct addrinfo *to = next_address(race);
	int r, fd = (int)gev__call_socket(to->ai_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		note(race, fd);
		return -1;
	}
	r = begin(fd, to, race->from);
	if (r > 0)
		return fd;
	if (r == 0) {
		race->pending[race->count++] =
			(struct pollfd){ .fd = fd, .events = POLLOUT };
		return -1;
	}
	gev__call_close(fd);
	note(race, r);
	return -1;
}

static int error_of(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

/* Takes out who has come to an end.  The descriptor of who is connected. */
static int harvest(struct race *race)
{
	nfds_t i = 0;

	while (i < race->count) {
		struct pollfd p = race->pending[i];
		int error;

		if (!p.revents) {
			i++;
			continue;
		}
		race->pending[i] = race->pending[--race->count];
		error = error_of(p.fd);
		if (error == 0)
			return p.fd;
		gev__call_close(p.fd);
		note(race, error);
		race->due = 0;
	}
	return -1;
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

/* Waits for news of those pending, or until the next attempt. */
static int wait_for_news(struct race *race)
{
	bool more = has_next(race) && race->count < PENDING_MAX;
	gev_time left = race->due - now();
	int ms = left > 0 ? (int)((left + GEV_MS(1) - 1) / GEV_MS(1)) : 0;

	return gev_poll(race->pending, race->count, more ? ms : -1) < 0 ?
		       -errno : 0;
}

static bool is_due(const struct race *race)
{
	if (!has_next(race) || race->count == PENDING_MAX)
		return false;
	return race->count == 0 || race->due <= now();
}

/* The descriptor, or -errno. */
static int run(struct race *race)
{
	int fd = -1;

	while (fd < 0) {
		int r = 0;

		if (is_due(race)) {
			fd = attempt(race);
			race->due = race->count ? now() + ATTEMPT_DELAY : 0;
			continue;
		}
		if (race->count == 0)
			return race->error ? race->error : -EADDRNOTAVAIL;
		r = wait_for_news(race);
		if (r < 0)
			return r;
		fd = harvest(race);
	}
	return fd;
}

int gev__connect_any(const struct addrinfo *to, const struct addrinfo *from)
{
	struct race race = { .from = from };
	int fd;

	if (!to || !gev_hub_get())
		return to ? -errno : -EADDRNOTAVAIL;
	race.family = to->ai_family;
	race.same = to;
	race.other = search(to, race.family, false);
	fd = run(&race);
	for (nfds_t i = 0; i < race.count; i++)
		gev__call_close(race.pending[i].fd);
	if (fd >= 0)
		gev__call_fcntl(fd, F_SETFL, 0);
	return fd;
}

static int connect_from(const char *host, int port, const char *source,
	int source_port)
{
	struct addrinfo *to = NULL, *from = NULL;
	bool bound = source || source_port;
	int r = gev__resolve(host, port, SOCK_STREAM, 0, &to);

	if (r == 0 && bound)
		r = gev__resolve(source, source_port, SOCK_STREAM, AI_PASSIVE,
			&from);
	if (r == 0)
		r = gev__connect_any(to, from);
	gev_freeaddrinfo(to);
	gev_freeaddrinfo(from);
	return r;
}

int gev_tcp_connect_from(const char *host, int port, const char *source,
	int source_port, gev_time timeout)
{
	gev_timeout t;
	int r;

	if (!host)
		return (int)gev__ret(-EINVAL);
	if (timeout != GEV_FOREVER && gev_timeout_start(&t, timeout) < 0)
		return -1;
	r = connect_from(host, port, source, source_port);
	if (timeout != GEV_FOREVER)
		gev_timeout_cancel(&t);
	return (int)gev__ret(r);
}

int gev_tcp_connect(const char *host, int port, gev_time timeout)
{
	return gev_tcp_connect_from(host, port, NULL, 0, timeout);
}
