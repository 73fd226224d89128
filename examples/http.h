/* SPDX-License-Identifier: MIT */
/*
 * http.h - the part of HTTP/1.1 that both ends of a connection need: reading
 * the head of a message, and its body.
 *
 * Everything is read through one buffer of a fixed size, so that a peer can
 * make us wait but never make us grow.  Functions answer 0 or more; or -1 with
 * errno EBADMSG (this is not HTTP), EMSGSIZE (a head or a line is too long),
 * ECONNRESET (the connection ended in the middle), or as gev_recv().
 */
#ifndef EXAMPLES_HTTP_H
#define EXAMPLES_HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_HEAD_MAX 8192
#define HTTP_FIELDS_MAX 64

/* What comes in on a connection. */
struct http_in {
	int fd;
	size_t start; /* buf[start..end) has been received and not consumed */
	size_t end;
	char buf[HTTP_HEAD_MAX];
};

/* A head; its strings are in the buffer until that is read from again. */
struct http_head {
	char *line; /* the request line or status line */
	int count;
	struct {
		char *name;
		char *value;
	} fields[HTTP_FIELDS_MAX];
};

/* How the end of a body is told. */
enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_TO_EOF };

struct http_body {
	struct http_in *in;
	enum http_framing framing;
	uint64_t left;  /* bytes to come, of the body or of the chunk */
	bool in_chunks; /* the first chunk has begun */
};

/* http_in_init - begin to read from @fd. */
void http_in_init(struct http_in *in, int fd);

/* http_read_head - receive the next head. */
int http_read_head(struct http_in *in, struct http_head *head);

/* http_field - the value of the field @name, or NULL. */
const char *http_field(const struct http_head *head, const char *name);

/* http_field_has - whether @token is in the field's comma-separated list. */
bool http_field_has(const struct http_head *head, const char *name,
	const char *token);

/*
 * http_body_init - find out how the body after @head is told from what follows.
 * @otherwise is for when the head does not say.
 */
int http_body_init(struct http_body *body, struct http_in *in,
	const struct http_head *head, enum http_framing otherwise);

/*
 * http_body_read - receive some more of the body; 0 is its end.  @data then
 * points into the buffer, until that is read from again.
 */
ssize_t http_body_read(struct http_body *body, const char **data);

#endif
