/* SPDX-License-Identifier: MIT */
#include "directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "url.h"

int open_beneath(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	path += strspn(path, "/");
	return syscall(SYS_openat2, root, *path ? path : ".", &how,
		sizeof(how));
}

const char *content_type(const char *path)
{
	static const struct {
		const char *suffix, *type;
	} types[] = {
		{ ".html", "text/html" }, { ".htm", "text/html" },
		{ ".css", "text/css" }, { ".js", "text/javascript" },
		{ ".json", "application/json" }, { ".xml", "text/xml" },
		{ ".txt", "text/plain" }, { ".md", "text/markdown" },
		{ ".c", "text/plain" }, { ".h", "text/plain" },
		{ ".png", "image/png" }, { ".jpg", "image/jpeg" },
		{ ".gif", "image/gif" }, { ".svg", "image/svg+xml" },
		{ ".pdf", "application/pdf" }, { ".gz", "application/gzip" },
	};
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(*types); i++)
		if (!strcasecmp(types[i].suffix, suffix))
			return types[i].type;
	return "application/octet-stream";
}

static void print_escaped(FILE *out, const char *s)
{
	for (; *s; s++)
		if (strchr("<>&\"'", *s))
			fprintf(out, "&#%d;", *s);
		else
			fputc(*s, out);
}

static void print_entry(FILE *out, const char *dir, const struct dirent *entry)
{
	const char *slash = entry->d_type == DT_DIR ? "/" : "";
	char *base = url_encode(dir), *name = url_encode(entry->d_name);

	fprintf(out, "<li><a href=\"%s%s%s%s\">", base ? base : "",
		base && base[strlen(base) - 1] == '/' ? "" : "/",
		name ? name : "", slash);
	print_escaped(out, entry->d_name);
	fprintf(out, "%s</a>\n", slash);
	free(base);
	free(name);
}

/* There is no way up from the root. */
static bool is_shown(const char *name, const char *path)
{
	return strcmp(name, ".") && (strcmp(name, "..") || path[1]);
}

char *list_directory(int dir, const char *path, size_t *size)
{
	struct dirent **entries;
	char *text = NULL;
	FILE *out;
	int n = scandirat(dir, ".", &entries, NULL, alphasort);

	if (n < 0)
		return NULL;
	out = open_memstream(&text, size);
	if (out) {
		fputs("<!DOCTYPE html><meta charset=utf-8><title>", out);
		print_escaped(out, path);
		fputs("</title><ul>\n", out);
	}
	for (int i = 0; i < n; i++) {
		if (out && is_shown(entries[i]->d_name, path))
			print_entry(out, path, entries[i]);
		free(entries[i]);
	}
	free(entries);
	if (out)
		fclose(out);
	return text;
}
