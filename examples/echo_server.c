/* SPDX-License-Identifier: MIT */
/*
 * echo_server - send everybody back what they send.
 *
 *	echo_server [ADDRESS]		(127.0.0.1:7000)
 *
 * On SIGTERM it closes the port at once, and connections when their peers have
 * done so, or ten seconds later.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

static void echo(int fd, const struct sockaddr *peer, socklen_t size, void *arg)
{
	char buf[16384];
	ssize_t n;

	(void)peer, (void)size, (void)arg;
	while ((n = gev_recv(fd, buf, sizeof(buf), 0)) > 0)
		if (gev_sendall(fd, buf, (size_t)n, MSG_NOSIGNAL, GEV_SEC(60),
			    NULL) < 0)
			return;
}

static const char usage[] =
	"usage: echo_server [ADDRESS]\n"
	"Send everybody back what they send, until SIGTERM.\n\n"
	"  ADDRESS   where to listen (127.0.0.1:7000); port 0: any, see"
	" the first line\n"
	"  --help    this";

int main(int argc, char **argv)
{
	struct gev_server_options options = {
		.address = argc > 1 ? argv[1] : "127.0.0.1:7000",
		.handle = echo };
	gev_server *server;
	char address[128];

	check_arguments(argc, argv, 0, 1, usage);
	server = gev_server_new(&options);
	if (!server || gev_server_start(server) < 0)
		die("cannot listen on %s: %s", options.address,
			strerror(errno));
	gev_server_stop_on(server, SIGTERM, GEV_SEC(10));
	gev_server_address(server, address, sizeof(address));
	printf("echoing on %s\n", address);
	fflush(stdout);

	if (gev_server_serve_forever(server) < 0)
		die("cannot go on: %s", strerror(errno));
	gev_server_free(server);
	return 0;
}
