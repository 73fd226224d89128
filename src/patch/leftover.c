/* SPDX-License-Identifier: MIT */
/*
 * Whether a greenlet leaves something in its TCB that is not for the next one.
 *
 * A pthread_getspecific() for each of the first keys takes longer than all else
 * there is to the end of a greenlet.  So we find out once where their values
 * lie: a value is set for every key that can be had, and looked for.  If they
 * are found once each and at equal distances, later a look at those places is
 * enough to know that there is none; else libc is asked, as it is in case of
 * doubt.
 */
#include "patch/leftover.h"
#include <locale.h>
#include <string.h>

#define KEYS 32u

static size_t offset;   /* of key 0's value, from the thread pointer */
static size_t distance; /* 0: unknown */

struct lesson {
	pthread_key_t key[KEYS];
	uintptr_t at[KEYS];
	unsigned n;
};

/* Where the only pointer to @value is, or 0. */
static uintptr_t find(uintptr_t tls, uintptr_t end, const void *value)
{
	uintptr_t found = 0;

	for (uintptr_t at = tls; at + sizeof(void *) <= end;
		at += sizeof(void *)) {
		if (*(void *const *)at != value)
			continue;
		if (found)
			return 0;
		found = at;
	}
	return found;
}

static void take_keys(struct lesson *l)
{
	pthread_key_t key;

	while (l->n < KEYS && pthread_key_create(&key, NULL) == 0) {
		l->key[l->n++] = key;
		if (key >= KEYS)
			break;
	}
}

static void give_keys(struct lesson *l)
{
	while (l->n)
		pthread_key_delete(l->key[--l->n]);
}

static bool locate(struct lesson *l, uintptr_t tls, uintptr_t end)
{
	for (unsigned i = 0; i < l->n; i++) {
		if (l->key[i] >= KEYS)
			continue;
		pthread_setspecific(l->key[i], &l->key[i]);
		l->at[i] = find(tls, end, &l->key[i]);
		pthread_setspecific(l->key[i], NULL);
		if (!l->at[i] || *(void **)l->at[i])
			return false;
	}
	return true;
}

/* How far apart two neighbours are, if all are; else 0. */
static size_t step_of(const struct lesson *l)
{
	size_t step;

	if (l->n < 3 || l->key[1] >= KEYS || l->key[1] <= l->key[0])
		return 0;
	step = (l->at[1] - l->at[0]) / (l->key[1] - l->key[0]);
	for (unsigned i = 1; i < l->n && l->key[i] < KEYS; i++)
		if (l->at[i] !=
			l->at[0] + ((uintptr_t)l->key[i] - l->key[0]) * step)
			return 0;
	return step;
}

void gev__leftover_learn(uintptr_t tls, uintptr_t end)
{
	struct lesson l = { .n = 0 };
	uintptr_t first;
	size_t step = 0;

	take_keys(&l);
	if (locate(&l, tls, end))
		step = step_of(&l);
	first = l.at[0] - l.key[0] * step;
	if (step && first >= tls && first + KEYS * step <= end) {
		offset = first - tls;
		distance = step;
	}
	give_keys(&l);
}

/* Exact; for keys that were deleted, NULL. */
static bool ask(pthread_key_t own)
{
	for (pthread_key_t key = 0; key < KEYS; key++)
		if (key != own && pthread_getspecific(key))
			return true;
	return false;
}

static bool look(pthread_key_t own, uintptr_t tls)
{
	const char *at = (const char *)tls + offset;
	uintptr_t any = 0;

	for (unsigned i = 0; i < KEYS; i++, at += distance)
		any |= i == own ? 0 : *(const uintptr_t *)at;
	return any != 0;
}

bool gev__leftover_any(pthread_key_t own, uintptr_t tls)
{
	if ((!distance || look(own, tls)) && ask(own))
		return true;
	return uselocale((locale_t)0) != LC_GLOBAL_LOCALE;
}
