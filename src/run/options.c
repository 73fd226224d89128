/* SPDX-License-Identifier: MIT */
/*
 * GEV_RUN, as src/tool/run.c sets it: words with commas in between.  It runs
 * before libc has its environment: what it reads is what the kernel left.
 */
#include "run/run.h"
#include <string.h>
#include "run/hint.h"

#define NAME "GEV_RUN="
#define PRELOAD "LD_PRELOAD="
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
	const char *words = *find(env, NAME);

	if (!words)
		return false;
	words += strlen(NAME);
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

/* Leaves the others, in their order, in place. */
static void remove_library(char *list)
{
	char *to = list;

	for (char *at = list; *at;) {
		size_t length = strcspn(at, ": ");
		size_t all = length + (at[length] != '\0');

		if (!is_ours(at, length)) {
			memmove(to, at, all);
			to += all;
		}
		at += all;
	}
	*to = '\0';
}

void gev__run_hide(char **env)
{
	char **at = find(env, NAME);

	remove_entry(at);
	remove_entry(find(env, GEV__HINT "="));
	at = find(env, PRELOAD);
	if (!*at)
		return;
	remove_library(*at + strlen(PRELOAD));
	if (!(*at)[strlen(PRELOAD)])
		remove_entry(at);
}
