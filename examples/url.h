/* SPDX-License-Identifier: MIT */
/*
 * url.h - addresses and paths as URLs write them.
 */
#ifndef EXAMPLES_URL_H
#define EXAMPLES_URL_H

#include <sys/socket.h>

/* A host's name is looked up by who connects, not here. */
struct url {
	char host[300];
	int port;
	char authority[300]; /* host:port, as the Host field wants it */
	const char *path;    /* from its first slash on; in the text parsed */
};

/*
 * url_address - the socket address of @host ("127.0.0.1", "::1", "localhost")
 * and @port ("8080").
 *
 * Returns   NULL; or what is wrong with them, in words.
 */
const char *url_address(const char *host, const char *port,
	struct sockaddr_storage *addr, socklen_t *size);

/*
 * url_parse - take "http://host[:port][/path]" apart; @text must outlive @url.
 *
 * Returns   NULL; or what is wrong with it, in words.
 */
const char *url_parse(struct url *url, char *text);

/*
 * url_decode - undo the percent-encoding of @path, in place.
 *
 * Returns   0; or -1 if it is not well-formed, or has an encoded NUL.
 */
int url_decode(char *path);

/*
 * url_encode - @path with everything encoded that has a meaning in URLs, but
 * for the slashes.
 *
 * Returns   a string to be freed; or NULL with errno ENOMEM.
 */
char *url_encode(const char *path);

#endif
