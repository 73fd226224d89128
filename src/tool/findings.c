/* SPDX-License-Identifier: MIT */
#include "tool/findings.h"
#include <stdarg.h>
#include <stdio.h>

static void add(struct gev__findings *f, const char *about,
	enum gev__level level, const char *format, va_list ap)
{
	struct gev__finding *found;

	if (f->n == GEV__FINDINGS)
		return;
	found = &f->found[f->n++];
	found->about = about;
	found->level = level;
	vsnprintf(found->text, sizeof(found->text), format, ap);
}

void gev__found(struct gev__findings *f, const char *about,
	enum gev__level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(f, about, level, format, ap);
	va_end(ap);
}

void gev__found_bad(struct gev__findings *f, const char *about, int status,
	const char *format, ...)
{
	va_list ap;

	if (!f->status)
		f->status = status;
	va_start(ap, format);
	add(f, about, GEV__BAD, format, ap);
	va_end(ap);
}

const struct gev__finding *gev__findings_bad(const struct gev__findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->found[i].level == GEV__BAD)
			return &f->found[i];
	return NULL;
}

void gev__findings_print(const struct gev__findings *f, const char *program)
{
	const struct gev__finding *bad = gev__findings_bad(f);

	if (bad)
		printf("%s: can't be run: %s\n", program, bad->text);
	else
		printf("%s: can be run\n", program);
	for (size_t i = 0; i < f->n; i++) {
		const struct gev__finding *found = &f->found[i];

		printf("  %c %-8s %s\n", " -!"[found->level], found->about,
			found->text);
	}
}

/* Bytes beyond ASCII one by one, since names of files need not be UTF-8. */
static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

void gev__findings_json(const struct gev__findings *f, const char *program)
{
	static const char *const levels[] = { "fine", "note", "bad" };

	printf("{\"program\": ");
	print_quoted(program);
	printf(", \"runs\": %s, \"findings\": [",
		gev__findings_bad(f) ? "false" : "true");
	for (size_t i = 0; i < f->n; i++) {
		const struct gev__finding *found = &f->found[i];

		printf("%s\n  {\"about\": \"%s\", \"level\": \"%s\", "
		       "\"text\": ", i ? "," : "", found->about,
			levels[found->level]);
		print_quoted(found->text);
		putchar('}');
	}
	printf("]}\n");
}
