/* SPDX-License-Identifier: MIT */
/*
 * A server that answers as none should: a greenlet of the same hub, which
 * makes its answers by hand.
 */
#include "net/dns.h"
#include <gev/greenlet.h>
#include <gev/io.h>
#include <gev/socket.h>

#define HEADER 12
#define TYPE_A 1
#define TYPE_AAAA 28

/* Makes an answer of the query in @p, which has @size bytes; its new size. */
typedef size_t answer_fn(uint8_t *p, size_t size);

static answer_fn *answer;
static int asked;

/* The question's type follows its name. */
static int type_of(const uint8_t *p, size_t size)
{
	return p[size - 4] << 8 | p[size - 3];
}

static intptr_t serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	struct sockaddr_in peer;
	static uint8_t packet[65536];
	ssize_t n;

	for (;;) {
		socklen_t size = sizeof(peer);

		n = gev_recvfrom(fd, packet, sizeof(packet), 0,
			(struct sockaddr *)&peer, &size);
		if (n < 0)
			return 0;
		asked++;
		n = (ssize_t)answer(packet, (size_t)n);
		if (n > 0)
			gev_sendto(fd, packet, (size_t)n, 0,
				(struct sockaddr *)&peer, size);
	}
}

/* An answer with this code and no records. */
static size_t code(uint8_t *p, size_t size, uint8_t rcode)
{
	p[2] |= 0x80;
	p[3] = 0x80 | rcode;
	return size;
}

/* Adds an address to an answer, the question's if it is of type A. */
static size_t add_address(uint8_t *p, size_t size, uint8_t last)
{
	const uint8_t record[] = { 0xc0, HEADER, 0, TYPE_A, 0, 1, 0, 0, 0, 60,
		0, 4, 10, 0, 0, last };

	p[7]++;
	memcpy(p + size, record, sizeof(record));
	return size + sizeof(record);
}

static size_t fine(uint8_t *p, size_t size)
{
	int type = type_of(p, size);

	size = code(p, size, 0);
	return type == TYPE_A ? add_address(p, size, 1) : size;
}

static size_t servfail(uint8_t *p, size_t size)
{
	return code(p, size, 2);
}

static size_t formerr(uint8_t *p, size_t size)
{
	return code(p, size, 1);
}

static size_t refused(uint8_t *p, size_t size)
{
	return code(p, size, 5);
}

static size_t only_aaaa_fails(uint8_t *p, size_t size)
{
	return type_of(p, size) == TYPE_AAAA ? servfail(p, size)
					     : fine(p, size);
}

/* The second time round all is well. */
static size_t fails_at_first(uint8_t *p, size_t size)
{
	return asked <= 2 ? servfail(p, size) : fine(p, size);
}

static size_t slow(uint8_t *p, size_t size)
{
	gev_sleep(GEV_MS(5));
	return fine(p, size);
}

static size_t wrong_id(uint8_t *p, size_t size)
{
	p[0] ^= 0xff;
	return fine(p, size);
}

static size_t header_only(uint8_t *p, size_t size)
{
	code(p, size, 0);
	p[7] = 1;
	return HEADER;
}

static size_t nonsense(uint8_t *p, size_t size)
{
	memset(p + 2, 0xff, size - 2);
	return size;
}

/* More records than there are, and one that is cut off. */
static size_t cut_off(uint8_t *p, size_t size)
{
	size = fine(p, size);
	p[7] = 9;
	return size - 2;
}

/* A name that points to itself. */
static size_t endless_name(uint8_t *p, size_t size)
{
	size_t at = code(p, size, 0);

	size = add_address(p, at, 1);
	p[at] = 0xc0 | (uint8_t)(at >> 8);
	p[at + 1] = (uint8_t)at;
	return size;
}

/* It is c-ares' to ask again by TCP, where nobody listens. */
static size_t oversized(uint8_t *p, size_t size)
{
	size = fine(p, size);
	memset(p + size, 0, 60000);
	return size + 60000;
}

static const char *said(answer_fn *fn)
{
	answer = fn;
	asked = 0;
	return say("x.test", AF_UNSPEC, 0);
}

static void c78_codes_of_servers(void)
{
	t_str(said(fine), "10.0.0.1");
	t_str(said(servfail), eai(EAI_AGAIN));
	t_str(said(refused), eai(EAI_AGAIN));
	t_str(said(formerr), eai(EAI_NONAME));
	t_str(said(only_aaaa_fails), "10.0.0.1");
	t_str(said(fails_at_first), "10.0.0.1");
}

static void answers_that_make_no_sense(void)
{
	t_str(said(header_only), eai(EAI_AGAIN));
	t_str(said(wrong_id), eai(EAI_AGAIN));
	t_str(said(nonsense), eai(EAI_AGAIN));
	t_str(said(cut_off), eai(EAI_NONAME));
	t_str(said(endless_name), eai(EAI_NONAME));
	t_str(said(oversized), eai(EAI_AGAIN));
}

static intptr_t ask_and_log(void *arg)
{
	t_log("%s;", say(arg, AF_INET, 0));
	return 0;
}

/* Who asks a slow server is alone in waiting. */
static void c78_others_run_meanwhile(void)
{
	gev_greenlet *g[3];

	answer = slow;
	for (int i = 0; i < 3; i++)
		g[i] = gev_spawn(ask_and_log, (void *)"x.test");
	t_log("asked;");
	for (int i = 0; i < 3; i++) {
		gev_join(g[i], GEV_FOREVER);
		gev_unref(g[i]);
	}
	t_log_is("asked;10.0.0.1;10.0.0.1;10.0.0.1;");
}

static void a_question_is_asked_again(void)
{
	t_str(said(wrong_id), eai(EAI_AGAIN));
	t_ok(asked >= 4); /* two questions, twice each */
}

int main(void)
{
	char nameserver[32];
	gev_resolver_options o = { .nameservers = nameserver,
		.timeout = GEV_MS(50),
		.tries = 2,
		.hosts = "/dev/null",
		.resolv_conf = "/dev/null",
		.nsswitch = "/dev/null" };
	gev_greenlet *server;
	int port, fd;

	if (!gev__ares_is_there()) {
		puts(NO_ARES);
		return 77;
	}
	fd = udp_socket(&port);
	sprintf(nameserver, "127.0.0.1:%d", port);
	gev_resolver_configure(&o);
	server = gev_spawn(serve, (void *)(intptr_t)fd);
	T_RUN(c78_codes_of_servers);
	T_RUN(answers_that_make_no_sense);
	T_RUN(c78_others_run_meanwhile);
	T_RUN(a_question_is_asked_again);
	gev_kill(server, GEV_FOREVER);
	gev_unref(server);
	gev_close(fd);
	return t_done();
}
