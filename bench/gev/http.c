/* SPDX-License-Identifier: MIT */
/*
 * A minimal HTTP server in plain blocking style: requests are parsed in full,
 * and all have the same answer.
 */
#include <http_parser.h>
#include <gev.h>
#include "net/net.h"

static const char answer[] =
	"HTTP/1.1 200 OK\r\n"
	"Content-Type: text/plain\r\n"
	"Content-Length: 13\r\n"
	"\r\n"
	"hello, world\n";

struct connection {
	http_parser parser;
	int fd;
};

static int complete(http_parser *parser)
{
	struct connection *c = parser->data;
	ssize_t size = sizeof(answer) - 1;

	return gev_send(c->fd, answer, (size_t)size, MSG_NOSIGNAL) < size ||
	       !http_should_keep_alive(parser);
}

static const http_parser_settings settings = {
	.on_message_complete = complete,
};

static intptr_t serve(void *arg)
{
	struct connection c = { .fd = (int)(intptr_t)arg };
	char buffer[BUFFER_SIZE];
	ssize_t n;

	net_nodelay(c.fd);
	http_parser_init(&c.parser, HTTP_REQUEST);
	c.parser.data = &c;
	while ((n = gev_recv(c.fd, buffer, sizeof(buffer), 0)) > 0)
		if (http_parser_execute(&c.parser, &settings, buffer,
			    (size_t)n) != (size_t)n)
			break;
	gev_close(c.fd);
	return 0;
}

int main(void)
{
	int listener = net_listen(0);

	for (;;) {
		int fd = gev_accept(listener, NULL, NULL);

		bench_need(fd >= 0, "gev_accept");
		bench_need(gev_go(serve, (void *)(intptr_t)fd) == 0, "gev_go");
	}
}
