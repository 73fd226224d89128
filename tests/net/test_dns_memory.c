/* SPDX-License-Identifier: MIT */
/*
 * c-ares runs out of memory: each of its allocations fails once.
 */
#include "net/dns.h"
#include <ares.h>
#include <gev/greenlet.h>
#include <gev/io.h>
#include <gev/socket.h>

#define HEADER 12
#define TYPE_AAAA 28

static int left; /* allocations up to the one that fails; 0: none does */

static bool fails(void)
{
	return left > 0 && --left == 0;
}

static void *allocate(size_t size)
{
	return fails() ? NULL : malloc(size);
}

static void *reallocate(void *p, size_t size)
{
	return fails() ? NULL : realloc(p, size);
}

/* 10.0.0.1, and no address of the other family. */
static ssize_t make_answer(uint8_t *p, ssize_t size)
{
	static const uint8_t record[] = { 0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0,
		60, 0, 4, 10, 0, 0, 1 };

	p[2] |= 0x80;
	p[3] = 0x80;
	if (p[size - 3] == TYPE_AAAA)
		return size;
	p[7] = 1;
	memcpy(p + size, record, sizeof(record));
	return size + (ssize_t)sizeof(record);
}

static intptr_t serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct sockaddr_in peer;
	static uint8_t packet[1024];
	ssize_t n;

	for (;;) {
		socklen_t size = sizeof(peer);

		n = gev_recvfrom(fd, packet, 512, 0, (struct sockaddr *)&peer,
			&size);
		if (n < 0)
			return 0;
		n = make_answer(packet, n);
		gev_sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&peer,
			size);
	}
}

static int port;

/* Where c-ares can't tell, it hears no answer. */
static void use_server_shortly(void)
{
	char server[32];
	gev_resolver_options o = { .resolver = "ares",
		.nameservers = server,
		.timeout = GEV_MS(10),
		.tries = 2,
		.hosts = "/dev/null",
		.resolv_conf = "/dev/null",
		.nsswitch = "/dev/null" };

	sprintf(server, "127.0.0.1:%d", port);
	t_eq(gev_resolver_configure(&o), 0);
}

/* Of a new channel. */
static void an_allocation_fails(void)
{
	const char *said;
	int n = 0;

	do {
		use_server_shortly();
		left = ++n;
		said = say("x.test", AF_UNSPEC, 0);
		t_ok(!strcmp(said, "10.0.0.1") || !strncmp(said, "EAI ", 4));
		if (n == 1)
			t_str(said, eai(EAI_MEMORY));
	} while (left == 0);
	left = 0;
	t_ok(n > 10);
	use_server(port);
	t_str(say("x.test", AF_UNSPEC, 0), "10.0.0.1");
}

int main(void)
{
	gev_greenlet *server;
	int fd = udp_socket(&port);

	t_eq(ares_library_init_mem(ARES_LIB_INIT_ALL, allocate, free,
		     reallocate),
		0);
	server = gev_spawn(serve, (void *)(intptr_t)fd);
	T_RUN(an_allocation_fails);
	gev_kill(server, GEV_FOREVER);
	gev_unref(server);
	gev_close(fd);
	return t_done();
}
