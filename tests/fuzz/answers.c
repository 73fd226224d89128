/* SPDX-License-Identifier: MIT */
/*
 * What a name server answers: any bytes, behind the question they belong to.
 * The lookup must come to an end, with addresses that make sense or a code.
 *
 *	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address
 *	ninja -C build-fuzz && build-fuzz/tests/fuzz/answers tests/fuzz/answers
 */
#include <gev.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "operations.h"

#define HEADER 12
#define NAME "name.test."

static struct {
	int fd;
	const uint8_t *data; /* of the answers: from the flags to the counts, */
	size_t size;         /* then what follows the question */
} server;

/* The query in @packet of @n bytes becomes the answer; its size. */
static size_t make_answer(uint8_t *packet, size_t n)
{
	size_t head = server.size < HEADER - 2 ? server.size : HEADER - 2;
	size_t more = server.size - head;

	memcpy(packet + 2, server.data, head);
	packet[2] |= 0x80; /* it is one */
	packet[2] &= ~0x02; /* and not cut off: there is no TCP here */
	packet[4] = 0;
	packet[5] = 1; /* with one question */
	memcpy(packet + n, server.data + head, more);
	return n + more;
}

static intptr_t serve(void *arg)
{
	static uint8_t packet[65536];
	struct sockaddr_in peer;

	(void)arg;
	for (;;) {
		socklen_t size = sizeof(peer);
		ssize_t n = gev_recvfrom(server.fd, packet, 4096, 0,
			(struct sockaddr *)&peer, &size);

		if (n < HEADER)
			return n;
		gev_sendto(server.fd, packet, make_answer(packet, (size_t)n),
			0, (struct sockaddr *)&peer, size);
	}
}

/* False: there is no c-ares to be tried. */
static bool start(void)
{
	char address[32];
	gev_resolver_options o = { .resolver = "ares",
		.nameservers = address,
		.hosts = "/dev/null",
		.resolv_conf = "/dev/null",
		.nsswitch = "/dev/null",
		.timeout = GEV_MS(20),
		.tries = 1 };

	server.fd = gev_udp_bind("127.0.0.1", 0, 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d",
		gev_socket_port(server.fd));
	if (gev_resolver_configure(&o) < 0)
		return false;
	return gev_go(serve, NULL) == 0;
}

static bool makes_sense(const struct addrinfo *list, int family)
{
	for (; list; list = list->ai_next)
		if (list->ai_family != family || !list->ai_addr ||
			list->ai_addr->sa_family != family ||
			(list->ai_canonname &&
				strlen(list->ai_canonname) >= NI_MAXHOST))
			return false;
	return true;
}

static bool look_up(int family)
{
	struct addrinfo hints = { .ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_CANONNAME };
	struct addrinfo *list = NULL;
	int r = gev_getaddrinfo(NAME, NULL, &hints, &list);
	bool ok = r ? !list : list && makes_sense(list, family);

	if (!r)
		gev_freeaddrinfo(list);
	return ok;
}

int run_operations(const uint8_t *data, size_t size)
{
	static bool started, absent;

	if (!started)
		absent = !start();
	started = true;
	server.data = data;
	server.size = size;
	return absent || (look_up(AF_INET) && look_up(AF_INET6)) ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4096 && run_operations(data, size) != 0)
		abort();
	return 0;
}
