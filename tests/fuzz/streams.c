/* SPDX-License-Identifier: MIT */
/*
 * Reading streams in every way, from something that gives what it has in pieces
 * of any size and fails now and then, next to a model: a text, and how much of
 * it has been read.  Takes the place of operations.c in the fuzzer.
 */
#include "operations.h"
#include <errno.h>
#include <gev/stream.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX (255 + 255 * 157)
#define BUF_MAX 30000

static struct {
	const uint8_t *data;     /* what to do, byte for byte */
	size_t size;
	size_t at;
	char text[TEXT_MAX + 1]; /* what there is to read */
	size_t length;
	size_t given;            /* how much of it went to the stream */
	size_t read;             /* how much came out of it */
	char buf[BUF_MAX];
} f;

static unsigned next(void)
{
	return f.at < f.size ? f.data[f.at++] : 0;
}

/* Small numbers mostly. */
static size_t next_size(size_t max)
{
	static const size_t units[] = { 1, 1, 16, 1024 };
	size_t n = next();

	n = n * units[next() % 4];
	return n < max ? n : max;
}

/* Made of the script itself, of few characters, so that much is found in it. */
static void make_text(void)
{
	static const char letters[] = "ab\r\n\nabababababa";

	f.length = next_size(255) + next() * 157; /* at most TEXT_MAX */
	for (size_t i = 0; i < f.length; i++)
		f.text[i] = letters[(f.data[i % f.size] + i / f.size) % 16];
}

static ssize_t give(void *object, void *buf, size_t size)
{
	size_t n = 1 + next_size(8192), left = f.length - f.given;

	(void)object;
	if (next() % 8 == 1) {
		errno = EAGAIN;
		return -1;
	}
	n = n < left ? n : left;
	n = n < size ? n : size;
	memcpy(buf, f.text + f.given, n);
	f.given += n;
	return (ssize_t)n;
}

static ssize_t take(void *object, const void *buf, size_t size)
{
	(void)object;
	(void)buf;
	return (ssize_t)size;
}

static size_t left(void)
{
	return f.length - f.read;
}

static bool is_next(const void *data, ssize_t n)
{
	return n == 0 || (n > 0 && n <= (ssize_t)left() &&
	       memcmp(data, f.text + f.read, (size_t)n) == 0);
}

/* A read that gave @n bytes, or failed without taking any. */
static bool took(ssize_t n)
{
	if (n < 0)
		return errno == EAGAIN;
	if (!is_next(f.buf, n))
		return false;
	f.read += (size_t)n;
	return true;
}

static bool read_some(gev_stream *s)
{
	size_t size = next_size(BUF_MAX), before = left();
	ssize_t n = gev_stream_read(s, f.buf, size);

	return took(n) && n <= (ssize_t)size &&
	       (n != 0 || size == 0 || before == 0);
}

static bool read_all(gev_stream *s)
{
	size_t size = next_size(BUF_MAX);
	ssize_t all = (ssize_t)(size < left() ? size : left());
	ssize_t n = gev_stream_read_all(s, f.buf, size);

	return took(n) && (n < 0 || n == all);
}

/* How long the line is that comes next; 0: too long. */
static size_t line_length(const char *delimiter, size_t n, size_t max)
{
	const char *start = f.text + f.read;
	const char *end = memmem(start, left(), delimiter, n);
	size_t length = end ? (size_t)(end - start) + n : left();

	return length <= max ? length : 0;
}

static bool read_line(gev_stream *s)
{
	static const char *const delimiters[] = { "\n", "\r\n", "ab", "aab\n" };
	const char *delimiter = delimiters[next() % 4];
	size_t size = 1 + next_size(BUF_MAX - 1);
	size_t length = line_length(delimiter, strlen(delimiter), size - 1);
	ssize_t n = gev_stream_read_until(s, f.buf, size, delimiter,
		strlen(delimiter));

	if (n < 0 && errno == EMSGSIZE)
		return length == 0 && left() > 0;
	if (n >= 0 && f.buf[n] != '\0')
		return false;
	return took(n) && (n < 0 || n == (ssize_t)length);
}

static bool peek_and_skip(gev_stream *s)
{
	size_t size = next_size(BUF_MAX), part;
	const void *data;
	ssize_t n = gev_stream_peek(s, size, &data);

	if (n < 0)
		return errno == EAGAIN;
	if (!is_next(data, n) || (n < (ssize_t)size && n != (ssize_t)left()))
		return false;
	part = next() * (size_t)n / 255;
	if (gev_stream_skip(s, part) < 0)
		return false;
	f.read += part;
	return gev_stream_peek(s, 0, &data) == n - (ssize_t)part &&
	       gev_stream_skip(s, (size_t)n - part + 1) < 0;
}

static bool (*const operations[])(gev_stream *s) = { read_some, read_all,
	read_line, peek_and_skip };

int run_operations(const uint8_t *data, size_t size)
{
	static const struct gev_stream_ops ops = { give, take, NULL };
	gev_stream *s = size ? gev_stream_open_ops(&ops, &f, 0) : NULL;
	bool ok = true;

	if (!s)
		return size != 0;
	f.data = data;
	f.size = size;
	f.at = f.given = f.read = 0;
	make_text();
	while (ok && f.at < f.size)
		ok = operations[next() % 4](s);
	if (!ok)
		fprintf(stderr, "wrong at byte %zu of the script\n", f.at);
	return gev_stream_close(s) < 0 || !ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (run_operations(data, size) != 0)
		__builtin_trap();
	return 0;
}
