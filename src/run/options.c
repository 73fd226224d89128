/* SPDX-License-Identifier: MIT */
/*
 * GEV_RUN, as src/tool/run.c sets it: words with commas in between.  It runs
 * before libc has its environment: what it reads is what the kernel left.
 */
#include "run/run.h"
#include <string.h>
#include "base/mem.h"
#include "run/follow.h"
#include "run/hint.h"

#define LIBRARY "libgev-run.so"

struct gev__run_options gev__run_options;

static char **find(char **env, const char *name)
{
	while (*env && strncmp(*env, name, strlen(name)))
		env++;
	return env;
}

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (; words; words = strchr(words, ',')) {
		words += *words == ',';
		if (strncmp(words, word, length) == 0 &&
			strchr(",", words[length]))
			return true;
	}
	return false;
}

const char *gev__run_hint(char **env)
{
	const char *entry = *find(env, GEV__HINT "=");

	return entry ? entry + sizeof(GEV__HINT "=") - 1 : NULL;
}

bool gev__run_read_options(char **env)
{
	const char *words = *find(env, GEV__OPTIONS);

	if (!words)
		return false;
	words += strlen(GEV__OPTIONS);
	gev__run_options.follow = !has_word(words, "no-follow");
	gev__run_options.file_offload = !has_word(words, "no-file-offload");
	gev__run_options.stats = has_word(words, "stats");
	gev__run_options.verbose = has_word(words, "verbose");
	gev__run_options.eager = has_word(words, "eager");
	return true;
}

static void remove_entry(char **at)
{
	for (; *at; at++)
		at[0] = at[1];
}

static bool is_ours(const char *path, size_t length)
{
	const size_t own = strlen(LIBRARY);

	return length >= own &&
	       strncmp(path + length - own, LIBRARY, own) == 0;
}

struct keep {
	char *room;
	size_t used;
};

/* The program may write over what the kernel has left. */
static char *keep(struct keep *k, const char *text, size_t length)
{
	char *at = k->room + k->used;

	memcpy(at, text, length);
	at[length] = '\0';
	k->used += length + 1;
	return at;
}

static const char *keep_entry(struct keep *k, char **at)
{
	return *at ? keep(k, *at, strlen(*at)) : NULL;
}

static const char *keep_ours(struct keep *k, const char *list)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ": ");

		if (is_ours(at, length)) {
			char *name = keep(k, GEV__PRELOAD, strlen(GEV__PRELOAD));

			k->used--;
			keep(k, at, length);
			return name;
		}
		at += length + (at[length] != '\0');
	}
	return NULL;
}

/* In their order. */
static char *keep_others(struct keep *k, const char *list)
{
	char *name = keep(k, GEV__PRELOAD, strlen(GEV__PRELOAD));
	char *to = name + strlen(GEV__PRELOAD);

	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ": ");
		size_t all = length + (at[length] != '\0');

		if (!is_ours(at, length))
			to = mempcpy(to, at, all);
		at += all;
	}
	*to = '\0';
	return to == name + strlen(GEV__PRELOAD) ? NULL : name;
}

static size_t size_of(char **at)
{
	return *at ? strlen(*at) + 1 : 0;
}

static void replace(char **at, char *by)
{
	if (by)
		*at = by;
	else
		remove_entry(at);
}

void gev__run_hide(char **env, bool follow)
{
	char **options = find(env, GEV__OPTIONS);
	char **hint = find(env, GEV__HINT "=");
	char **preload = find(env, GEV__PRELOAD);
	struct keep k = { gev__map(size_of(options) + size_of(hint) +
		2 * size_of(preload) + 1), 0 };
	char *others;

	if (!k.room || !*preload)
		return;
	gev__run_told.options = keep_entry(&k, options);
	gev__run_told.hint = keep_entry(&k, hint);
	if (follow)
		gev__run_told.preload =
			keep_ours(&k, *preload + strlen(GEV__PRELOAD));
	others = keep_others(&k, *preload + strlen(GEV__PRELOAD));
	replace(preload, others);
	remove_entry(find(env, GEV__OPTIONS));
	remove_entry(find(env, GEV__HINT "="));
}
