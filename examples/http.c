/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <gev.h>

/* An error of this file's own, as the value of the function that has it. */
static int fail(int code)
{
	errno = code;
	return -1;
}

/* Leaves the buffer alone: untouched pages cost no memory. */
void http_in_init(struct http_in *in, int fd)
{
	in->fd = fd;
	in->start = 0;
	in->end = 0;
}

/* Makes room behind the unread bytes; strings in the buffer are lost. */
static void compact(struct http_in *in)
{
	memmove(in->buf, in->buf + in->start, in->end - in->start);
	in->end -= in->start;
	in->start = 0;
}

/* Receives what there is: 1, or 0 at the end of the connection. */
static int receive(struct http_in *in)
{
	ssize_t n;

	if (in->end == sizeof(in->buf))
		return fail(EMSGSIZE);
	n = gev_recv(in->fd, in->buf + in->end, sizeof(in->buf) - in->end, 0);
	if (n <= 0)
		return n;
	in->end += n;
	return 1;
}

static int receive_more(struct http_in *in)
{
	int r = receive(in);

	return r == 0 ? fail(ECONNRESET) : r;
}

/* The next line, without its CR LF, as a string; NULL with errno. */
static char *read_line(struct http_in *in)
{
	char *line = in->buf + in->start, *end;
	size_t length;

	while (!(end = memchr(line, '\n', in->buf + in->end - line)))
		if (receive_more(in) < 0)
			return NULL;
	length = end - line;
	in->start += length + 1;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	if (strlen(line) != length || strchr(line, '\r')) {
		fail(EBADMSG);
		return NULL;
	}
	return line;
}

/* Blank lines before a message are tolerated: RFC 9112, 2.2. */
static char *read_start_line(struct http_in *in)
{
	char *line;

	compact(in);
	do
		line = read_line(in);
	while (line && !*line);
	return line;
}

static bool is_token(const char *s, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)s[i]) &&
			!strchr("!#$%&'*+-.^_`|~", s[i]))
			return false;
	return length > 0;
}

static int add_field(struct http_head *head, char *line)
{
	size_t name = strcspn(line, ":");
	char *value, *end;

	if (!line[name] || !is_token(line, name))
		return fail(EBADMSG);
	if (head->count == HTTP_FIELDS_MAX)
		return fail(EMSGSIZE);
	line[name] = '\0';
	value = line + name + 1;
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	head->fields[head->count].name = line;
	head->fields[head->count++].value = value;
	return 0;
}

int http_read_head(struct http_in *in, struct http_head *head)
{
	char *line;

	head->count = 0;
	head->line = read_start_line(in);
	if (!head->line)
		return -1;
	while ((line = read_line(in)) && *line)
		if (add_field(head, line) < 0)
			return -1;
	return line ? 0 : -1;
}

const char *http_field(const struct http_head *head, const char *name)
{
	for (int i = 0; i < head->count; i++)
		if (!strcasecmp(head->fields[i].name, name))
			return head->fields[i].value;
	return NULL;
}

static bool list_has(const char *list, const char *token)
{
	size_t length = strlen(token), n;

	for (; *list; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == length && !strncasecmp(list, token, n))
			return true;
	}
	return false;
}

bool http_field_has(const struct http_head *head, const char *name,
	const char *token)
{
	for (int i = 0; i < head->count; i++)
		if (!strcasecmp(head->fields[i].name, name) &&
			list_has(head->fields[i].value, token))
			return true;
	return false;
}

/* Digits alone: strtoull() would take a sign, blanks and "0x" as well. */
static int parse_number(const char *s, const char *digits, int base,
	uint64_t *value)
{
	size_t length = strspn(s, digits);

	if (length == 0 || length > 15)
		return fail(EBADMSG);
	*value = strtoull(s, NULL, base);
	return length;
}

static int parse_decimal(const char *s, uint64_t *value)
{
	int length = parse_number(s, "0123456789", 10, value);

	return length > 0 && s[length] ? fail(EBADMSG) : length;
}

/* A chunk's size, and perhaps an extension that means nothing to us. */
static int parse_chunk_size(const char *s, uint64_t *value)
{
	int length = parse_number(s, "0123456789abcdefABCDEF", 16, value);

	if (length > 0 && s[length] && !strchr("; \t", s[length]))
		return fail(EBADMSG);
	return length;
}

/* Lengths that contradict each other are how requests get smuggled. */
static int parse_length(const struct http_head *head, uint64_t *length)
{
	uint64_t other;
	bool found = false;

	for (int i = 0; i < head->count; i++) {
		if (strcasecmp(head->fields[i].name, "Content-Length"))
			continue;
		if (parse_decimal(head->fields[i].value, &other) < 0)
			return -1;
		if (found && other != *length)
			return fail(EBADMSG);
		*length = other;
		found = true;
	}
	return found;
}

int http_body_init(struct http_body *body, struct http_in *in,
	const struct http_head *head, enum http_framing otherwise)
{
	int has_length;

	*body = (struct http_body){ .in = in, .framing = otherwise };
	has_length = parse_length(head, &body->left);
	if (has_length < 0)
		return -1;
	if (http_field(head, "Transfer-Encoding")) {
		if (!http_field_has(head, "Transfer-Encoding", "chunked"))
			return fail(EBADMSG);
		body->framing = HTTP_CHUNKED;
		body->left = 0;
	} else if (has_length) {
		body->framing = HTTP_LENGTH;
	}
	return 0;
}

static int skip_trailer(struct http_in *in)
{
	char *line;

	do {
		compact(in);
		line = read_line(in);
	} while (line && *line);
	return line ? 0 : -1;
}

/* Goes on to the next chunk, or over the last: then left is 0. */
static int next_chunk(struct http_body *body)
{
	char *line;

	if (body->in->start > HTTP_HEAD_MAX / 2)
		compact(body->in); /* not each time: chunks may be tiny */
	if (body->in_chunks) {
		line = read_line(body->in);
		if (!line)
			return -1;
		if (*line)
			return fail(EBADMSG);
	}
	body->in_chunks = true;
	line = read_line(body->in);
	if (!line || parse_chunk_size(line, &body->left) < 0)
		return -1;
	if (body->left > 0)
		return 0;
	body->framing = HTTP_NO_BODY;
	return skip_trailer(body->in);
}

/* Makes at least one byte of the body available; 0 at its end. */
static int want_body(struct http_body *body)
{
	struct http_in *in = body->in;

	if (body->framing == HTTP_CHUNKED && body->left == 0 &&
		next_chunk(body) < 0)
		return -1;
	if (body->framing == HTTP_NO_BODY)
		return 0;
	if (body->framing != HTTP_TO_EOF && body->left == 0)
		return 0;
	if (in->start < in->end)
		return 1;
	compact(in);
	return body->framing == HTTP_TO_EOF ? receive(in) : receive_more(in);
}

ssize_t http_body_read(struct http_body *body, const char **data)
{
	struct http_in *in = body->in;
	int more = want_body(body);
	size_t n;

	if (more <= 0)
		return more;
	n = in->end - in->start;
	if (body->framing != HTTP_TO_EOF && n > body->left)
		n = body->left;
	*data = in->buf + in->start;
	in->start += n;
	body->left -= n;
	return n;
}
