/* SPDX-License-Identifier: MIT */
/*
 * Text into a buffer of fixed size, as snprintf() would: what does not fit is
 * counted but not written.
 */
#ifndef GEV_BASE_TEXT_H
#define GEV_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct gev__text {
	char *buf;
	size_t size;
	size_t len;
};

static inline struct gev__text gev__text_in(char *buf, size_t size)
{
	return (struct gev__text){ buf, size, 0 };
}

static inline void gev__text_char(struct gev__text *t, char c)
{
	if (t->len + 1 < t->size)
		t->buf[t->len] = c;
	t->len++;
}

static inline void gev__text_add(struct gev__text *t, const char *s)
{
	while (*s)
		gev__text_char(t, *s++);
}

static inline void gev__text_base(struct gev__text *t, uint64_t n,
	unsigned base)
{
	char digits[24];
	int i = 0;

	do {
		digits[i++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	while (i > 0)
		gev__text_char(t, digits[--i]);
}

static inline void gev__text_num(struct gev__text *t, uint64_t n)
{
	gev__text_base(t, n, 10);
}

static inline void gev__text_ptr(struct gev__text *t, const void *p)
{
	gev__text_add(t, "0x");
	gev__text_base(t, (uintptr_t)p, 16);
}

/* Ends it with a NUL (if there is any room); the length of the whole. */
static inline size_t gev__text_end(struct gev__text *t)
{
	if (t->size)
		t->buf[t->len < t->size ? t->len : t->size - 1] = 0;
	return t->len;
}

#endif
