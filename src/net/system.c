/* SPDX-License-Identifier: MIT */
/*
 *	nsswitch.conf			resolv.conf
 *	hosts: files dns # ...		options timeout:1 attempts:3
 *
 * As in Go's resolver, whatever is not understood here is left to libc.
 */
#include "net/system.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLANKS " \t\r\n"

/* As glibc has it. */
#define DEFAULT_TIMEOUT 5
#define MAX_TIMEOUT 30
#define DEFAULT_ATTEMPTS 2
#define MAX_ATTEMPTS 5
#define DEFAULT_NDOTS 1
#define MAX_NDOTS 15

/* Calls @fn with each line of the file at @path, if it can be read.  0, or
 * -errno if that may change. */
static int read_lines(const char *path, void (*fn)(void *arg, char *line),
	void *arg)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int error;

	if (!f)
		return gev__stamp_error(-errno);
	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "#;")] = '\0';
		fn(arg, line);
	}
	error = feof(f) ? 0 : gev__stamp_error(-errno);
	free(line);
	fclose(f);
	return error;
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

int gev__sources_read(struct gev__sources *sources, const char *path)
{
	int r;

	if (!gev__stamp_renew(&sources->stamp, path))
		return 0;
	strcpy(sources->order, "fb");
	sources->plain = true;
	r = read_lines(path, read_sources, sources);
	if (r < 0)
		sources->stamp.taken = false;
	return r;
}

/* The number after @name and a colon, within bounds; -1: another option. */
static int option(const char *word, const char *name, int min, int max)
{
	size_t length = strlen(name);
	int n;

	if (strncmp(word, name, length) || word[length] != ':')
		return -1;
	n = atoi(word + length + 1);
	return n < min ? min : n > max ? max : n;
}

/* Those that c-ares knows, and those that can do without. */
static bool is_harmless(const char *word)
{
	static const char *const names[] = { "rotate", "edns0", "trust-ad",
		"single-request", "single-request-reopen", "debug" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(word, names[i]) == 0)
			return true;
	return false;
}

static void read_option(struct gev__resolv *resolv, const char *word)
{
	int timeout = option(word, "timeout", 1, MAX_TIMEOUT);
	int attempts = option(word, "attempts", 1, MAX_ATTEMPTS);
	int ndots = option(word, "ndots", 0, MAX_NDOTS);

	if (timeout > 0)
		resolv->timeout = timeout;
	else if (attempts > 0)
		resolv->attempts = attempts;
	else if (ndots >= 0)
		resolv->ndots = ndots;
	else if (!is_harmless(word))
		resolv->plain = false;
}

/* Appends @domain to those to search.  What has no room is libc's. */
static void add_domain(struct gev__resolv *resolv, const char *domain)
{
	size_t length = strlen(resolv->search), size = strlen(domain) + 2;

	if (size > GEV__DOMAIN_SIZE || length + size > sizeof(resolv->search))
		resolv->plain = false;
	else
		sprintf(resolv->search + length, "%s ", domain);
}

/* The last such line counts. */
static void read_domains(struct gev__resolv *resolv, char *line, int max)
{
	char *word;

	resolv->search[0] = '\0';
	while (max-- > 0 && (word = next_word(&line)))
		add_domain(resolv, word);
}

/* This machine's, where nothing is said. */
static void find_domain(struct gev__resolv *resolv)
{
	char host[GEV__DOMAIN_SIZE] = "";
	char *dot;

	if (gethostname(host, sizeof(host) - 1) < 0)
		return;
	dot = strchr(host, '.');
	if (dot && dot[1])
		add_domain(resolv, dot + 1);
}

static void read_resolv(void *arg, char *line)
{
	struct gev__resolv *resolv = arg;
	char *word = next_word(&line);

	if (!word)
		return;
	if (strcmp(word, "sortlist") == 0)
		resolv->plain = false;
	if (strcmp(word, "search") == 0)
		read_domains(resolv, line, INT_MAX);
	if (strcmp(word, "domain") == 0)
		read_domains(resolv, line, 1);
	if (strcmp(word, "options"))
		return;
	while ((word = next_word(&line)))
		read_option(resolv, word);
}

int gev__resolv_read(struct gev__resolv *resolv, const char *path)
{
	int r;

	resolv->timeout = DEFAULT_TIMEOUT;
	resolv->attempts = DEFAULT_ATTEMPTS;
	resolv->ndots = DEFAULT_NDOTS;
	resolv->search[0] = '\0';
	resolv->plain = true;
	r = read_lines(path, read_resolv, resolv);
	if (!resolv->search[0])
		find_domain(resolv);
	return r;
}

bool gev__resolv_domain(const struct gev__resolv *resolv, unsigned index,
	char domain[GEV__DOMAIN_SIZE])
{
	const char *at = resolv->search;
	size_t length;

	while (index-- > 0 && *at)
		at += strcspn(at, " ") + 1;
	length = strcspn(at, " ");
	memcpy(domain, at, length);
	domain[length] = '\0';
	return length > 0;
}
