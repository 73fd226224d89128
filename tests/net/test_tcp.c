/* SPDX-License-Identifier: MIT */
/* Connecting and listening by name. */
#include <sys/stat.h>
#include <sys/un.h>
#include "net.h"

/* What is sent at one end arrives at the other. */
static void are_connected(int a, int b)
{
	char buf[8] = "";

	t_eq(gev_send(a, "hello", 5, 0), 5);
	t_eq(gev_recv(b, buf, sizeof(buf), 0), 5);
	t_str(buf, "hello");
	t_eq(gev_close(a), 0);
	t_eq(gev_recv(b, buf, sizeof(buf), 0), 0);
	t_eq(gev_close(b), 0);
}

static void reaches(const char *host, int listener)
{
	int c = gev_tcp_connect(host, gev_socket_port(listener), GEV_SEC(5));

	if (t_ok(c >= 0))
		are_connected(c, gev_accept(listener, NULL, NULL));
}

static void any_address_is_of_both_families(void)
{
	int l = gev_tcp_listen(NULL, 0, -1), m = gev_tcp_listen("", 0, 5);

	reaches("127.0.0.1", l);
	reaches("127.0.0.3", l);
	reaches("::1", l);
	reaches("localhost", l);
	reaches("::1", m);
	t_ok(fcntl(l, F_GETFD) & FD_CLOEXEC);
	gev_close(l);
	gev_close(m);
}

static void one_address(void)
{
	int l = gev_tcp_listen("127.0.0.2", 0, -1);
	int m = gev_tcp_listen("localhost", 0, -1);

	reaches("127.0.0.2", l);
	t_fails(gev_tcp_connect("127.0.0.1", gev_socket_port(l), GEV_SEC(5)),
		ECONNREFUSED);
	reaches("localhost", m);
	gev_close(l);
	gev_close(m);
}

static void a_taken_port(void)
{
	int before = open_descriptors(), l, port;

	l = gev_tcp_listen("127.0.0.1", 0, -1);
	port = gev_socket_port(l);
	t_fails(gev_tcp_listen("127.0.0.1", port, -1), EADDRINUSE);
	t_fails(gev_tcp_listen_with("127.0.0.1", port, -1, GEV_REUSE_PORT),
		EADDRINUSE);
	t_fails(gev_tcp_listen(NULL, port, -1), EADDRINUSE);
	gev_close(l);
	t_eq(open_descriptors(), before);
}

static void a_shared_port(void)
{
	int l = gev_tcp_listen_with(NULL, 0, -1, GEV_REUSE_PORT);
	int port = gev_socket_port(l);
	int m = gev_tcp_listen_with(NULL, port, -1, GEV_REUSE_PORT);

	t_eq(gev_socket_port(m), port);
	t_fails(gev_tcp_listen(NULL, port, -1), EADDRINUSE);
	gev_close(l);
	reaches("127.0.0.1", m);
	gev_close(m);
}

static void no_such_address(void)
{
	t_fails(gev_tcp_listen("192.0.2.1", 0, -1), EADDRNOTAVAIL);
	t_fails(gev_udp_bind("192.0.2.1", 0, 0), EADDRNOTAVAIL);
}

static void the_source_address(void)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int l = gev_tcp_listen("127.0.0.1", 0, -1), c, s, port;

	c = gev_tcp_connect_from("127.0.0.1", gev_socket_port(l), "127.0.0.9",
		0, GEV_SEC(5));
	s = gev_accept(l, (void *)&peer, &size);
	t_eq(ntohl(peer.sin_addr.s_addr), 0x7f000009);
	port = ntohs(peer.sin_port);
	t_fails(gev_tcp_connect_from("127.0.0.1", gev_socket_port(l),
			"127.0.0.9", port, GEV_SEC(5)), EADDRINUSE);
	are_connected(c, s);
	t_fails(gev_tcp_connect_from("127.0.0.1", gev_socket_port(l), "::1", 0,
			GEV_SEC(5)), EADDRNOTAVAIL);
	t_fails(gev_tcp_connect_from("127.0.0.1", gev_socket_port(l),
			"192.0.2.1", 0, GEV_SEC(5)), EADDRNOTAVAIL);
	gev_close(l);
}

static void the_source_port(void)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	int l = gev_tcp_listen("127.0.0.1", 0, -1), c, s, port, probe;

	probe = gev_tcp_listen("127.0.0.1", 0, -1);
	port = gev_socket_port(probe);
	gev_close(probe);
	c = gev_tcp_connect_from("127.0.0.1", gev_socket_port(l), NULL, port,
		GEV_SEC(5));
	s = gev_accept(l, (void *)&peer, &size);
	t_eq(ntohs(peer.sin_port), port);
	are_connected(c, s);
	gev_close(l);
}

static void a_black_hole(void)
{
	struct hole h;
	gev_time start;
	int before;

	warm_up();
	t_virtual();
	hole_open(&h, "127.0.0.1");
	before = open_descriptors();
	start = now();
	t_fails(gev_tcp_connect("127.0.0.1", h.port, DELAY), ETIMEDOUT);
	t_eq(now() - start, DELAY);
	t_fails(gev_tcp_connect("127.0.0.1", h.port, 0), ETIMEDOUT);
	t_eq(open_descriptors(), before);
	hole_close(&h);
}

static intptr_t connect_to_port(void *port)
{
	return gev_tcp_connect("127.0.0.1", (int)(intptr_t)port, GEV_FOREVER);
}

static void killed_while_connecting(void)
{
	struct hole h;
	gev_greenlet *g;
	int before;

	hole_open(&h, "127.0.0.1");
	before = open_descriptors();
	g = gev_spawn(connect_to_port, num(h.port));
	settle();
	t_eq(open_descriptors(), before + 1);
	end(g);
	t_eq(open_descriptors(), before);
	hole_close(&h);
}

static void bad_ports_and_hosts(void)
{
	t_fails(gev_tcp_connect(NULL, 80, GEV_FOREVER), EINVAL);
	t_fails(gev_tcp_connect("127.0.0.1", -1, GEV_FOREVER), EINVAL);
	t_fails(gev_tcp_connect("127.0.0.1", 65536, GEV_FOREVER), EINVAL);
	t_fails(gev_tcp_connect("127.0.0.1", 80, -2), EINVAL);
	t_fails(gev_tcp_connect_from("127.0.0.1", 80, NULL, -1, GEV_FOREVER),
		EINVAL);
	t_fails(gev_tcp_listen(NULL, -1, -1), EINVAL);
	t_fails(gev_tcp_listen("127.0.0.1", 65536, -1), EINVAL);
	t_fails(gev_tcp_listen_with(NULL, 0, -1, 2), EINVAL);
	t_fails(gev_udp_bind(NULL, -1, 0), EINVAL);
	t_fails(gev_unix_connect(NULL, GEV_FOREVER), EINVAL);
	t_fails(gev_unix_connect("", GEV_FOREVER), EINVAL);
	t_fails(gev_unix_connect("/", -2), EINVAL);
	t_fails(gev_unix_listen(NULL, 5), EINVAL);
	t_fails(gev_socket_port(-1), EBADF);
}

static void c77_datagrams(void)
{
	int s = gev_udp_bind(NULL, 0, 0), c = gev_udp_bind("127.0.0.1", 0, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)gev_socket_port(s)) };
	struct sockaddr_storage from;
	socklen_t size = sizeof(from);
	char buf[8];

	t_eq(gev_sendto(c, "ping", 4, 0, (void *)&to, sizeof(to)), 4);
	t_eq(gev_recvfrom(s, buf, 8, 0, (void *)&from, &size), 4);
	t_eq(gev_sendto(s, "pong!", 5, 0, (void *)&from, size), 5);
	t_eq(gev_recv(c, buf, 8, 0), 5);
	t_fails(gev_udp_bind("127.0.0.1", gev_socket_port(s), 0), EADDRINUSE);
	gev_close(s);
	gev_close(c);
}

static char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

static void unix_reaches(const char *name, int listener)
{
	int c = gev_unix_connect(name, GEV_SEC(5));

	if (t_ok(c >= 0))
		are_connected(c, gev_accept(listener, NULL, NULL));
}

static void unix_paths(void)
{
	int l;

	snprintf(path, sizeof(path), "/tmp/gev-tcp-%d", getpid());
	t_fails(gev_unix_connect(path, GEV_FOREVER), ENOENT);
	l = gev_unix_listen(path, -1);
	unix_reaches(path, l);
	t_fails(gev_unix_listen(path, -1), EADDRINUSE);
	t_fails(gev_socket_port(l), EAFNOSUPPORT);
	gev_close(l);
	t_fails(gev_unix_connect(path, GEV_FOREVER), ECONNREFUSED);
	l = gev_unix_listen(path, -1);
	unix_reaches(path, l);
	gev_close(l);
	t_eq(unlink(path), 0);
}

/* Only a socket is replaced. */
static void unix_path_of_a_file(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/gev-tcp-%d", getpid());
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	t_fails(gev_unix_listen(path, -1), EADDRINUSE);
	t_eq(access(path, F_OK), 0);
	t_eq(unlink(path), 0);
}

static void unix_names(void)
{
	int l;

	snprintf(path, sizeof(path), "@gev-tcp-%d", getpid());
	l = gev_unix_listen(path, -1);
	unix_reaches(path, l);
	t_fails(gev_unix_listen(path, -1), EADDRINUSE);
	gev_close(l);
	t_fails(gev_unix_connect(path, GEV_FOREVER), ECONNREFUSED);
	t_fails(gev_unix_listen("/nowhere/at/all", -1), ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	t_fails(gev_unix_listen(path, -1), ENAMETOOLONG);
	path[sizeof(path) - 8] = '\0';
	path[0] = '@';
	l = gev_unix_listen(path, -1);
	unix_reaches(path, l);
	gev_close(l);
	path[0] = 'x';
	t_fails(gev_unix_listen(path, -1), ENAMETOOLONG);
}

static void a_full_unix_backlog(void)
{
	int l, c, before;

	warm_up();
	t_virtual();
	snprintf(path, sizeof(path), "@gev-tcp-%d", getpid());
	l = gev_unix_listen(path, 0);
	c = gev_unix_connect(path, GEV_FOREVER);
	before = open_descriptors();
	t_fails(gev_unix_connect(path, DELAY), ETIMEDOUT);
	t_eq(open_descriptors(), before);
	gev_close(c);
	gev_close(l);
}

int main(void)
{
	T_RUN(any_address_is_of_both_families);
	T_RUN(one_address);
	T_RUN(a_taken_port);
	T_RUN(a_shared_port);
	T_RUN(no_such_address);
	T_RUN(the_source_address);
	T_RUN(the_source_port);
	T_RUN(killed_while_connecting);
	T_RUN(bad_ports_and_hosts);
	T_RUN(c77_datagrams);
	T_RUN(unix_paths);
	T_RUN(unix_path_of_a_file);
	T_RUN(unix_names);
	T_RUN(a_full_unix_backlog);
	T_RUN(a_black_hole);
	gev_hub_destroy(GEV_DESTROY_LOOP); /* and its resolver */
	return t_done();
}
