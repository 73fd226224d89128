/* SPDX-License-Identifier: MIT */
/*
 * echo_server - send everybody back what they send.
 *
 *	echo_server [ADDRESS]		(127.0.0.1:7000)
 *
 * On SIGTERM it closes the port at once, and connections when their peers have
 * done so, or ten seconds later.
 */
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

	check_arguments(argc, argv, 0, 1, usage);
	serve_until_term(&options, "echoing", GEV_SEC(10));
	return 0;
}
