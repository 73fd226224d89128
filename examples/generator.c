/* SPDX-License-Identifier: MIT */
/*
 * generator - prints the orders in which some words can stand.
 *
 *	$ generator --first 3 red green blue
 *	red green blue
 *	red blue green
 *	green red blue
 *
 * What makes them is a recursive function that hands over each as it finds it,
 * from however deep: yield() switches to the consumer, which comes back for
 * more when it likes, or never.  No callback, no list of all of them (of 20
 * words there are 2,432,902,008,176,640,000), no hub.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <gev/coro.h>
#include "tools.h"

struct words {
	char **word;
	int count;
};

/* Hands @value to the consumer.  False: no more is wanted. */
static bool yield(void *value)
{
	gev_coro *consumer = gev_coro_parent(gev_coro_current());

	gev_coro_switch(consumer, value);
	return gev_coro_thrown() == 0;
}

/* Moves the word at @from to @to; those in between make room. */
static void move(struct words *w, int from, int to)
{
	char *moved = w->word[from];
	int step = from < to ? 1 : -1;

	for (int i = from; i != to; i += step)
		w->word[i] = w->word[i + step];
	w->word[to] = moved;
}

/* Yields all orders of the words from @first on. */
static bool permute(struct words *w, int first)
{
	bool wanted = true;

	if (first >= w->count - 1)
		return yield(w);
	for (int i = first; wanted && i < w->count; i++) {
		move(w, i, first);
		wanted = permute(w, first + 1);
		move(w, first, i);
	}
	return wanted;
}

/* The coroutine.  Its end is the NULL that it returns. */
static void *orders(void *words)
{
	permute(words, 0);
	return NULL;
}

static void print(const struct words *w)
{
	for (int i = 0; i < w->count; i++)
		printf("%s%c", w->word[i], i + 1 < w->count ? ' ' : '\n');
}

static void help(void)
{
	puts("usage: generator [options] WORD...\n"
	     "\n"
	     "Prints every order of the words, each on a line.\n"
	     "\n"
	     "  --first N   only the first N\n"
	     "  --help      this");
	exit(0);
}

static struct words arguments(int argc, char **argv, long *limit)
{
	static const struct option known[] = {
		{ "first", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'f')
			*limit = number_option("first", optarg, 0, 1000000000);
		else if (c == 'h')
			help();
		else
			exit(2);
	if (optind == argc)
		die("no words?  See --help");
	return (struct words){ argv + optind, argc - optind };
}

int main(int argc, char **argv)
{
	long left = -1;
	struct words words = arguments(argc, argv, &left);
	gev_coro *generator = gev_coro_new(orders, NULL);
	struct words *next;

	if (!generator)
		die("no memory");
	while (left-- != 0 && (next = gev_coro_switch(generator, &words)))
		print(next);
	gev_coro_free(generator);
	return 0;
}
