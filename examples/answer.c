/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include "directory.h"
#include "url.h"

#define BLOCK_SIZE 16384

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Internal Server Error";
	}
}

static int send_block(struct connection *c, const void *data, size_t size,
	int flags)
{
	return gev_sendall(c->in.fd, data, size, MSG_NOSIGNAL | flags,
		c->service->timeout, NULL);
}

static int send_head(struct connection *c, int status, const char *type,
	uint64_t length)
{
	bool body_follows = length > 0 && !c->head_only;
	time_t now = time(NULL);
	char date[64], head[512];
	struct tm tm;
	int n;

	if (c->service->log)
		printf("%d %s\n", status, c->request);
	if (c->service->stopping)
		c->keep = false;
	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT",
		gmtime_r(&now, &tm));
	n = snprintf(head, sizeof(head),
		"HTTP/1.1 %d %s\r\nDate: %s\r\nServer: gev\r\n"
		"Content-Type: %s\r\nContent-Length: %ju\r\n%s%s\r\n",
		status, reason(status), date, type, (uintmax_t)length,
		status == 405 ? "Allow: GET, HEAD\r\n" : "",
		c->keep ? "" : "Connection: close\r\n");
	return send_block(c, head, n, body_follows ? MSG_MORE : 0);
}

static int send_text(struct connection *c, int status, const char *type,
	const char *text, size_t size)
{
	if (send_head(c, status, type, size) < 0)
		return -1;
	return c->head_only ? 0 : send_block(c, text, size, 0);
}

static int send_error(struct connection *c, int status)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%d %s\n", status, reason(status));

	return send_text(c, status, "text/plain", text, n);
}

/* An error in the middle of a body can only be told by closing. */
static int send_file(struct connection *c, int file, off_t size,
	const char *type)
{
	char block[BLOCK_SIZE];
	ssize_t n;

	if (send_head(c, 200, type, size) < 0)
		return -1;
	for (off_t left = c->head_only ? 0 : size; left > 0; left -= n) {
		n = gev_read(file, block,
			left < BLOCK_SIZE ? (size_t)left : BLOCK_SIZE);
		if (n <= 0 || send_block(c, block, n, 0) < 0)
			return -1;
	}
	return 0;
}

static int send_directory(struct connection *c, int dir, const char *path)
{
	size_t size;
	char *text = list_directory(dir, path, &size);
	int r;

	if (!text)
		return send_error(c, 500);
	r = send_text(c, 200, "text/html", text, size);
	free(text);
	return r;
}

static int status_of_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENXIO:
	case EXDEV: /* it would have led out of the root */
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
		return 503;
	default:
		return 500;
	}
}

static int send_path(struct connection *c, const char *path)
{
	int file = open_beneath(c->service->root, path), r;
	struct stat st;

	if (file < 0)
		return send_error(c, status_of_error(errno));
	if (fstat(file, &st) < 0)
		r = send_error(c, 500);
	else if (S_ISREG(st.st_mode))
		r = send_file(c, file, st.st_size, content_type(path));
	else if (S_ISDIR(st.st_mode))
		r = send_directory(c, file, path);
	else
		r = send_error(c, 403);
	gev_close(file);
	return r;
}

/* The path of a target, which may also be a whole URL (RFC 9112, 3.2). */
static const char *target_path(char *target)
{
	target[strcspn(target, "?#")] = '\0';
	if (!strncasecmp(target, "http://", 7)) {
		target += 7;
		target += strcspn(target, "/");
		if (!*target)
			return "/";
	}
	return *target == '/' && url_decode(target) == 0 ? target : NULL;
}

/* Splits "GET /path HTTP/1.1"; the status to refuse it with, or 0. */
static int parse_request(struct connection *c, const char **path)
{
	char *method, *target, *version, *save;

	method = strtok_r(c->head.line, " ", &save);
	target = strtok_r(NULL, " ", &save);
	version = strtok_r(NULL, " ", &save);
	if (!version || strtok_r(NULL, " ", &save))
		return 400;
	if (strncmp(version, "HTTP/1.", 7) || strlen(version) != 8)
		return strncmp(version, "HTTP/", 5) ? 400 : 505;
	if (version[7] != '0' && !http_field(&c->head, "Host"))
		return 400;
	c->keep = version[7] == '0'
			  ? http_field_has(&c->head, "Connection", "keep-alive")
			  : !http_field_has(&c->head, "Connection", "close");
	c->head_only = !strcmp(method, "HEAD");
	if (!c->head_only && strcmp(method, "GET"))
		return 405;
	*path = target_path(target);
	return *path ? 0 : 400;
}

/* A request with a body is answered, but what comes after it is not read. */
int answer(struct connection *c)
{
	struct http_body body;
	const char *path;
	int status;

	if (http_body_init(&body, &c->in, &c->head, HTTP_NO_BODY) < 0)
		return send_error(c, 400);
	status = parse_request(c, &path);
	if (body.framing == HTTP_CHUNKED || body.left > 0 || status == 400)
		c->keep = false;
	if (c->service->latency > 0 && gev_sleep(c->service->latency) < 0)
		return -1;
	return status ? send_error(c, status) : send_path(c, path);
}

/* Nothing of it is to play tricks with a terminal. */
static void note_request(struct connection *c)
{
	snprintf(c->request, sizeof(c->request), "%s", c->head.line);
	for (char *p = c->request; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
}

int read_request(struct connection *c)
{
	gev_timeout timeout;
	int r;

	c->keep = c->head_only = false;
	strcpy(c->request, "-");
	c->idle = true;
	gev_timeout_start(&timeout, c->service->timeout);
	r = http_read_head(&c->in, &c->head);
	gev_timeout_cancel(&timeout);
	c->idle = false;
	if (r == 0)
		note_request(c);
	return r;
}

static int status_of_failure(const struct connection *c, int error)
{
	switch (error) {
	case EBADMSG:
		return 400;
	case EMSGSIZE:
		return 431;
	case ETIMEDOUT:
		return c->in.end > 0 ? 408 : 0;
	default:
		return 0;
	}
}

int refuse(struct connection *c, int error)
{
	int status = status_of_failure(c, error);

	return status ? send_error(c, status) : -1;
}

/*
 * To close with input unread would reset the connection, and the peer might
 * lose the answer: so tell it that no more comes, and wait until it is done.
 */
void linger(struct connection *c)
{
	char rest[1024];
	gev_timeout timeout;

	if (gev_shutdown(c->in.fd, SHUT_WR) < 0)
		return;
	gev_timeout_start(&timeout, GEV_SEC(1));
	while (gev_recv(c->in.fd, rest, sizeof(rest), 0) > 0)
		;
	gev_timeout_cancel(&timeout);
}
