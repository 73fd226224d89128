/* SPDX-License-Identifier: MIT */
/* Servers of datagrams: gevent's DatagramServer. */
#include "server.h"

static void answer(gev_server *s, const void *data, size_t length,
	const struct sockaddr *peer, socklen_t size, void *arg)
{
	(void)arg;
	t_eq(gev_server_sendto(s, data, length, peer, size), (ssize_t)length);
}

static gev_server *serve_datagrams(gev_datagram_handler *handle, size_t max)
{
	struct gev_server_options o = { .address = "127.0.0.1:0",
		.handle_datagram = handle, .max = max };
	gev_server *s = gev_server_new(&o);

	t_eq(gev_server_start(s), 0);
	return s;
}

/* A socket that talks to @s. */
static int talk_to(const gev_server *s)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)gev_server_port(s)) };
	int fd = gev_socket(AF_INET, SOCK_DGRAM, 0);

	t_eq(gev_connect(fd, (void *)&addr, sizeof(addr)), 0);
	return fd;
}

static void c77_udp_echo(void)
{
	gev_server *s = serve_datagrams(answer, 0);
	int a = talk_to(s), b = talk_to(s);
	static char big[60000], back[65536];

	t_ok(answers(a) && answers(b) && answers(a));
	memset(big, 'b', sizeof(big));
	t_eq(gev_send(a, big, sizeof(big), 0), sizeof(big));
	t_eq(gev_recv(a, back, sizeof(back), 0), sizeof(big));
	t_ok(!memcmp(big, back, sizeof(big)));
	t_eq(gev_send(a, "", 0, 0), 0);
	t_eq(gev_recv(a, back, sizeof(back), 0), 0);
	t_eq(stats_of(s).accepted, 5);
	gev_close(a);
	gev_close(b);
	t_eq(gev_server_stop(s, GEV_SEC(5)), 0);
	t_fails(gev_server_sendto(s, "", 0, NULL, 0), EBADF);
	t_eq(gev_server_start(s), 0);
	a = talk_to(s);
	t_ok(answers(a));
	gev_close(a);
	gev_server_free(s);
}

static void sleep_and_answer(gev_server *s, const void *data, size_t length,
	const struct sockaddr *peer, socklen_t size, void *arg)
{
	gev_sleep(DELAY);
	answer(s, data, length, peer, size, arg);
}

/* Those that can't be handled yet wait in the socket. */
static void at_most_so_many(void)
{
	gev_server *s;
	gev_time start;
	char buf[8];
	int fd;

	t_virtual();
	s = serve_datagrams(sleep_and_answer, 2);
	fd = talk_to(s);
	start = now();
	for (int i = 0; i < 6; i++)
		t_eq(gev_send(fd, "x", 1, 0), 1);
	for (int i = 0; i < 6; i++)
		t_eq(gev_recv(fd, buf, sizeof(buf), 0), 1);
	t_eq(now() - start, 3 * DELAY);
	t_eq(stats_of(s).peak, 2);
	gev_close(fd);
	gev_server_free(s);
}

static void stopped_with_handlers(void)
{
	gev_server *s = serve_datagrams(sleep_and_answer, 0);
	int fd = talk_to(s);

	t_eq(gev_send(fd, "x", 1, 0), 1);
	settle();
	t_eq(stats_of(s).handlers, 1);
	t_eq(gev_server_stop(s, GEV_FOREVER), 0);
	t_eq(stats_of(s).handlers, 0);
	gev_close(fd);
	gev_server_free(s);
}

static void ignore(gev_server *s, const void *data, size_t length,
	const struct sockaddr *peer, socklen_t size, void *arg)
{
	(void)s;
	(void)data;
	(void)length;
	(void)peer;
	(void)size;
	(void)arg;
}

static void bad_options(void)
{
	struct gev_server_options o = { .address = "unix:/tmp/x",
		.handle_datagram = ignore };
	gev_server *s;

	t_fails(gev_server_new(&o), EINVAL);
	o.handle = echo;
	o.address = ":0";
	t_fails(gev_server_new(&o), EINVAL);
	o.handle = NULL;
	o.address = NULL;
	o.listener = gev_tcp_listen("127.0.0.1", 0, -1);
	s = gev_server_new(&o);
	t_fails(gev_server_start(s), EINVAL);
	t_fails(gev_server_adopt(s, 0, NULL, 0), ENOTSUP);
	gev_server_free(s);
}

int main(void)
{
	T_RUN(c77_udp_echo);
	T_RUN(stopped_with_handlers);
	T_RUN(bad_options);
	T_RUN(at_most_so_many);
	return t_done();
}
