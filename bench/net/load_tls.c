/* SPDX-License-Identifier: MIT */
/*
 * load_tls PORT PID handshakes|bulk|messages COUNT - how much CPU a TLS echo
 * server takes.
 *
 * Prints what the server (process PID) used in user and system mode for each
 * handshake, each MiB there and back, or each message of 64 bytes, in
 * microseconds, and how many there were in a second.
 */
#include "tls.h"

#define MIB (1 << 20)
#define WINDOW (4 * RECORD) /* in flight */

static SSL_CTX *context;
static char data[MIB];

static SSL *open_connection(int port)
{
	int fd = net_connect(port);
	SSL *ssl = SSL_new(context);

	bench_need(ssl && SSL_set_fd(ssl, fd), "SSL_new");
	bench_need(SSL_connect(ssl) == 1, "SSL_connect");
	return ssl;
}

static void close_connection(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);

	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void there_and_back(SSL *ssl, int size)
{
	bench_need(SSL_write(ssl, data, size) == size, "SSL_write");
	for (int n, done = 0; done < size; done += n) {
		n = SSL_read(ssl, data + done, size - done);
		bench_need(n > 0, "SSL_read");
	}
}

static void handshakes(int port, long count)
{
	while (count-- > 0)
		close_connection(open_connection(port));
}

static void exchange(int port, long count, int size)
{
	SSL *ssl = open_connection(port);

	while (count-- > 0)
		there_and_back(ssl, size);
	close_connection(ssl);
}

static void run(const char *what, int port, long count)
{
	if (strcmp(what, "handshakes") == 0)
		handshakes(port, count);
	else if (strcmp(what, "bulk") == 0)
		exchange(port, count * (MIB / WINDOW), WINDOW);
	else
		exchange(port, count, 64);
}

int main(int argc, char **argv)
{
	int port = (int)bench_arg(argc, argv, 1, 0);
	const char *what = argc > 3 ? argv[3] : "messages";
	long count = bench_arg(argc, argv, 4, 1000);
	double used, start, taken;
	clockid_t server;

	context = SSL_CTX_new(TLS_client_method());
	bench_need(clock_getcpuclockid((pid_t)bench_arg(argc, argv, 2, 0),
		&server) == 0, "the server's CPU clock");
	run(what, port, count / 10);

	used = bench_ns(server);
	start = bench_now();
	run(what, port, count);
	taken = bench_now() - start;
	used = bench_ns(server) - used;
	printf("%.3f %.0f\n", used / 1e3 / (double)count,
		(double)count / taken * 1e9);
	return 0;
}
