/* SPDX-License-Identifier: MIT */
#include "jobs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools.h"

static void *must(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static struct job *add(struct jobs *jobs, char *url)
{
	struct job *job;
	const char *wrong;

	if ((jobs->count & (jobs->count - 1)) == 0)
		jobs->all = must(reallocarray(jobs->all,
			jobs->count ? 2 * jobs->count : 1, sizeof(*job)));
	job = &jobs->all[jobs->count++];
	job->sum[0] = '\0';
	wrong = url_parse(&job->url, url);
	if (wrong)
		die("%s: %s", url, wrong);
	return job;
}

/* The path without what is no part of a file's name. */
static char *name_of_path(const char *path)
{
	char *name;

	path += strspn(path, "/");
	name = must(malloc(strlen(path) + sizeof("index.html")));
	strcpy(name, path);
	name[strcspn(name, "?")] = '\0';
	if (!*name || name[strlen(name) - 1] == '/')
		strcat(name, "index.html");
	return url_decode(name) == 0 ? name : strcpy(name, path);
}

void jobs_add_url(struct jobs *jobs, char *text)
{
	struct job *job = add(jobs, text);

	job->name = name_of_path(job->url.path);
}

static FILE *open_list(const char *file)
{
	FILE *list = !strcmp(file, "-") ? stdin : fopen(file, "r");

	if (!list)
		die("%s: %s", file, strerror(errno));
	return list;
}

/* The next line, not empty, without its end; to be freed.  NULL at the end. */
static char *next_line(FILE *list)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, list) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line)
			return line;
	}
	free(line);
	return NULL;
}

void jobs_add_list(struct jobs *jobs, const char *file)
{
	FILE *list = open_list(file);
	char *line;

	while ((line = next_line(list)))
		jobs_add_url(jobs, line);
	fclose(list);
}

static char *join(const char *base, const char *name)
{
	size_t length = strlen(base);
	char *path = must(url_encode(name)), *url;

	if (asprintf(&url, "%s%s%s", base,
		    length > 0 && base[length - 1] == '/' ? "" : "/", path) < 0)
		die("out of memory");
	free(path);
	return url;
}

/* "SUM  NAME", or "SUM *NAME"; find(1) puts a "./" before the name. */
static void add_sum(struct jobs *jobs, const char *file, char *line,
	const char *base)
{
	const size_t digits = SHA256_TEXT_SIZE - 1;
	char *name = line + digits + 2;
	struct job *job;

	if (strspn(line, "0123456789abcdef") != digits ||
		line[digits] != ' ' || !strchr(" *", line[digits + 1]) ||
		!*name)
		die("%s: \"%s\" is not a line of sha256sum", file, line);
	if (!strncmp(name, "./", 2))
		name += 2;
	job = add(jobs, join(base, name));
	job->name = name;
	memcpy(job->sum, line, digits);
	job->sum[digits] = '\0';
}

void jobs_add_sums(struct jobs *jobs, const char *file, const char *base)
{
	FILE *list = open_list(file);
	char *line;

	while ((line = next_line(list)))
		add_sum(jobs, file, line, base);
	fclose(list);
}
