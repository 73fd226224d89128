/* SPDX-License-Identifier: MIT */
/*
 *	nsswitch.conf			resolv.conf
 *	hosts: files dns # ...		options timeout:1 attempts:3
 *
 * As in Go's resolver, whatever is not understood here is left to libc.
 */
#include "net/system.h"
#include <stdio.h>
#include <stdlib.h>

#define BLANKS " \t\r\n"

/* As glibc has it. */
#define DEFAULT_TIMEOUT 5
#define MAX_TIMEOUT 30
#define DEFAULT_ATTEMPTS 2
#define MAX_ATTEMPTS 5

/* Calls @fn with each line of the file at @path. */
static void read_lines(const char *path, void (*fn)(void *arg, char *line),
	void *arg)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return;
	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "#;")] = '\0';
		fn(arg, line);
	}
	free(line);
	fclose(f);
}

/* The next word of *line, which moves on; NULL at the end. */
static char *next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, BLANKS);
	} while (word && !*word);
	return word;
}

static char letter_of(const char *source)
{
	if (strcmp(source, "files") == 0)
		return 'f';
	return strcmp(source, "dns") == 0 ? 'b' : '\0';
}

/* A source named twice, or an action after it, is for libc too. */
static void read_sources(void *arg, char *line)
{
	struct gev__sources *s = arg;
	unsigned n = 0;
	char *word;

	line += strspn(line, BLANKS);
	if (strncmp(line, "hosts:", 6))
		return;
	line += 6;
	memset(s->order, 0, sizeof(s->order));
	s->plain = true;
	while (s->plain && (word = next_word(&line))) {
		char letter = letter_of(word);

		s->plain = letter && !strchr(s->order, letter);
		if (s->plain)
			s->order[n++] = letter;
	}
	s->plain = s->plain && n > 0;
}

void gev__sources_read(struct gev__sources *sources, const char *path)
{
	if (!gev__stamp_renew(&sources->stamp, path))
		return;
	strcpy(sources->order, "fb");
	sources->plain = true;
	read_lines(path, read_sources, sources);
}

/* The number after @name and a colon, at most @max; -1: another option. */
static int option(const char *word, const char *name, int max)
{
	size_t length = strlen(name);
	int n;

	if (strncmp(word, name, length) || word[length] != ':')
		return -1;
	n = atoi(word + length + 1);
	return n < 1 ? 1 : n > max ? max : n;
}

/* Those that c-ares knows, and those that can do without. */
static bool is_harmless(const char *word)
{
	static const char *const names[] = { "rotate", "edns0", "trust-ad",
		"single-request", "single-request-reopen", "debug" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return strncmp(word, "ndots:", 6) == 0;
}

static void read_option(struct gev__resolv *resolv, const char *word)
{
	int timeout = option(word, "timeout", MAX_TIMEOUT);
	int attempts = option(word, "attempts", MAX_ATTEMPTS);

	if (timeout > 0)
		resolv->timeout = timeout;
	else if (attempts > 0)
		resolv->attempts = attempts;
	else if (!is_harmless(word))
		resolv->plain = false;
}

static void read_resolv(void *arg, char *line)
{
	struct gev__resolv *resolv = arg;
	char *word = next_word(&line);

	if (!word)
		return;
	if (strcmp(word, "sortlist") == 0)
		resolv->plain = false;
	if (strcmp(word, "options"))
		return;
	while ((word = next_word(&line)))
		read_option(resolv, word);
}

void gev__resolv_read(struct gev__resolv *resolv, const char *path)
{
	resolv->timeout = DEFAULT_TIMEOUT;
	resolv->attempts = DEFAULT_ATTEMPTS;
	resolv->plain = true;
	read_lines(path, read_resolv, resolv);
}
