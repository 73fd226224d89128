/* SPDX-License-Identifier: MIT */
/*
 * idle PORT CONNECTIONS - connections to an echo server that do nothing.
 *
 * Each has had one message echoed, so that the server has gone through all that
 * it does for a connection.  Prints "ready", and holds them until its input
 * ends.
 */
#include "net.h"

static void open_connection(int port)
{
	int fd = net_connect(port);
	char byte = 'x';

	bench_need(send(fd, &byte, 1, 0) == 1, "send");
	bench_need(recv(fd, &byte, 1, 0) == 1, "recv");
}

int main(int argc, char **argv)
{
	int port = (int)bench_arg(argc, argv, 1, 0);
	long connections = bench_arg(argc, argv, 2, 1);

	net_raise_limit();
	for (long i = 0; i < connections; i++)
		open_connection(port);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
