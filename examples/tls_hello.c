/* SPDX-License-Identifier: MIT */
/*
 * tls_hello - hello over TLS: a server, and a client that verifies it.
 *
 * Both speak just enough HTTP for curl and any web server to be the other side.
 * converse() and ask() would read the same without TLS.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include <gev/server.h>
#include <gev/stream.h>
#include <gev/tcp.h>
#include <gev/tls.h>
#include "tools.h"

#define PATIENCE GEV_SEC(10)

static struct {
	const char *ca, *cert, *key, *alpn, *name, *path;
	bool verify_clients;
} options = { .path = "/" };

static int skip_request(gev_stream *s)
{
	char line[8192];
	ssize_t n;

	do
		n = gev_stream_read_line(s, line, sizeof(line));
	while (n > 0 && line[0] != '\r' && line[0] != '\n');
	return n > 0 ? 0 : -1;
}

static int greet(gev_tls *tls, gev_stream *s)
{
	struct gev_tls_info info;
	char text[512];
	int n;

	if (gev_tls_get_info(tls, &info) < 0)
		return -1;
	n = snprintf(text, sizeof(text), "hello %s, this is %s over %s%s\n",
		info.verified ? info.subject : "stranger", info.server_name,
		info.version, info.reused ? ", again" : "");
	return gev_stream_printf(s, "HTTP/1.1 200 OK\r\n"
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", n, text) < 0;
}

static void converse(gev_tls *tls, const struct sockaddr *peer,
	socklen_t size, void *arg)
{
	gev_stream *s = gev_tls_stream(tls, GEV_STREAM_KEEP);

	(void)peer, (void)size, (void)arg;
	gev_stream_set_timeout(s, PATIENCE);
	if (skip_request(s) == 0)
		greet(tls, s);
	gev_stream_close(s);
}

static void refused(gev_tls *tls, int error, void *arg)
{
	(void)arg;
	fprintf(stderr, "refused: %s (%s)\n", gev_tls_error(tls),
		strerror(error));
}

static void load(gev_tls_context *c)
{
	if (!c || (options.ca && gev_tls_context_load_ca(c, options.ca,
					NULL) < 0) ||
		(options.cert && gev_tls_context_load_cert(c, options.cert,
					 options.key) < 0) ||
		(options.alpn && gev_tls_context_set_alpn(c, options.alpn) < 0))
		die("%s", gev_exception_message(gev_current()));
}

static int run_server(int port)
{
	struct gev_tls_service service = { .handle = converse,
		.refused = refused, .timeout = PATIENCE,
		.context = gev_tls_context_new(GEV_TLS_SERVER) };
	struct gev_server_options how = { .handle = gev_tls_handle,
		.arg = &service, .listener = gev_tcp_listen(NULL, port, -1) };
	gev_server *server;
	int r;

	load(service.context);
	if (options.verify_clients)
		gev_tls_context_set_verify(service.context,
			GEV_TLS_VERIFY_CHAIN);
	if (how.listener < 0)
		die("cannot listen on port %d: %s", port, strerror(errno));
	port = gev_socket_port(how.listener);
	server = gev_server_new(&how);
	if (!server || gev_server_stop_on(server, SIGTERM, PATIENCE) < 0)
		die("cannot start: %s", strerror(errno));
	printf("listening on port %d\n", port);
	fflush(stdout);

	r = gev_server_serve_forever(server);
	gev_server_free(server);
	gev_tls_context_free(service.context);
	return r < 0;
}

static int print_all(gev_tls *tls)
{
	char buf[16384];
	ssize_t n;

	while ((n = gev_tls_read(tls, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	return (int)n;
}

static int ask(gev_tls *tls, const char *host)
{
	struct gev_tls_info info;
	char request[1024];
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n"
		"Host: %s\r\nConnection: close\r\n\r\n", options.path, host);

	gev_tls_set_timeout(tls, PATIENCE);
	gev_tls_get_info(tls, &info);
	fprintf(stderr, "%s, %s, %s%s\n", info.version, info.cipher,
		info.subject, info.reused ? ", resumed" : "");
	if (*info.alpn)
		fprintf(stderr, "ALPN: %s\n", info.alpn);
	if (gev_tls_write(tls, request, (size_t)n) < 0 || print_all(tls) < 0)
		return -1;
	return gev_tls_shutdown(tls, SHUT_WR, PATIENCE);
}

/* For another name than that of the host a connection is made by hand. */
static gev_tls *connect_to(const char *host, int port, gev_tls_context *context)
{
	gev_tls *tls;
	int fd;

	if (!options.name)
		return gev_tls_connect(host, port, context, PATIENCE);
	fd = gev_tcp_connect(host, port, PATIENCE);
	tls = fd < 0 ? NULL : gev_tls_client(fd, context, options.name);
	if (tls && gev_tls_handshake(tls, PATIENCE) == 0)
		return tls;
	gev_tls_close(tls);
	return NULL;
}

static int run_client(const char *host, int port)
{
	gev_tls_context *context = gev_tls_context_new(GEV_TLS_CLIENT);
	int status = 2;
	gev_tls *tls;

	load(context);
	tls = connect_to(host, port, context);
	if (!tls)
		fprintf(stderr, "tls_hello: %s: %s (%s)\n", host,
			strerror(errno), gev_exception_message(gev_current()));
	else
		status = ask(tls, options.name ? options.name : host) < 0;
	if (status == 1)
		fprintf(stderr, "%s: %s\n", host, gev_tls_error(tls));
	gev_tls_close(tls);
	gev_tls_context_free(context);
	return status;
}

static void help(void)
{
	puts("usage: tls_hello [options] serve PORT\n"
	     "       tls_hello [options] get HOST PORT\n"
	     "Say hello over TLS, or GET it and check who says it.\n\n"
	     "  --ca FILE          whom to trust (the system's authorities)\n"
	     "  --cert FILE        our certificate; the server needs one\n"
	     "  --key FILE         its key (in the same file)\n"
	     "  --alpn LIST        protocols, as \"h2,http/1.1\"\n"
	     "  --name NAME        of the server (HOST)\n"
	     "  --path PATH        what to get (/)\n"
	     "  --verify-clients   serve those only that --ca knows\n"
	     "  --help             this");
	exit(0);
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "ca", required_argument, NULL, 'a' },
		{ "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "alpn", required_argument, NULL, 'l' },
		{ "name", required_argument, NULL, 'n' },
		{ "path", required_argument, NULL, 'p' },
		{ "verify-clients", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'a')
			options.ca = optarg;
		else if (c == 'c')
			options.cert = optarg;
		else if (c == 'k')
			options.key = optarg;
		else if (c == 'l')
			options.alpn = optarg;
		else if (c == 'n')
			options.name = optarg;
		else if (c == 'p')
			options.path = optarg;
		else if (c == 'v')
			options.verify_clients = true;
		else if (c == 'h')
			help();
		else
			exit(2);
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	argc -= optind;
	argv += optind;
	if (argc == 2 && strcmp(argv[0], "serve") == 0)
		return run_server((int)number_option("PORT", argv[1], 0,
			65535));
	if (argc == 3 && strcmp(argv[0], "get") == 0)
		return run_client(argv[1],
			(int)number_option("PORT", argv[2], 1, 65535));
	die("serve or get?  See --help");
}
