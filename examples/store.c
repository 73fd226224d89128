/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char SUFFIX[] = ".part";

/* Names come from strangers. */
static bool leads_out(const char *name)
{
	size_t n;

	if (*name == '/')
		return true;
	for (; *name; name += n + (name[n] == '/')) {
		n = strcspn(name, "/");
		if (n == 2 && !strncmp(name, "..", 2))
			return true;
	}
	return false;
}

static int make_parents(char *path)
{
	int r = 0;

	for (char *p = strchr(path + 1, '/'); p && r == 0;
		p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			r = -1;
		*p = '/';
	}
	return r;
}

int store_open(struct store *s, const char *dir, const char *name)
{
	int n = snprintf(s->part, sizeof(s->part), "%s/%s%s", dir, name,
		SUFFIX);

	if (leads_out(name)) {
		errno = EPERM;
		return -1;
	}
	if (n >= (int)sizeof(s->part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (make_parents(s->part) < 0)
		return -1;
	s->file = fopen(s->part, "w");
	return s->file ? 0 : -1;
}

int store_write(struct store *s, const void *data, size_t size)
{
	return fwrite(data, 1, size, s->file) == size ? 0 : -1;
}

int store_keep(struct store *s)
{
	char name[sizeof(s->part)];

	if (fclose(s->file) != 0) {
		unlink(s->part);
		return -1;
	}
	strcpy(name, s->part);
	name[strlen(name) - strlen(SUFFIX)] = '\0';
	return rename(s->part, name);
}

void store_drop(struct store *s)
{
	fclose(s->file);
	unlink(s->part);
}
