/* SPDX-License-Identifier: MIT */
/*
 * prime_sieve - the first primes, by a chain of greenlets.
 *
 *	$ prime_sieve 5
 *	2 3 5 7 11
 *
 * One greenlet sends 2, 3, 4, ... down a channel.  Whatever comes out of the
 * end is prime; a filter is then put there, a greenlet that passes on all but
 * its multiples:
 *
 *	count --> not of 2 --> not of 3 --> not of 5 --> main
 *
 * When main has seen enough it closes the last channel.  So the last filter
 * can't send any more, closes the channel it receives from and ends, and so on
 * up to the source.
 */
#include <stdio.h>
#include <stdlib.h>
#include <gev.h>
#include "tools.h"

#define FIRST 2

struct filter {
	gev_chan *in, *out;
	int prime;
};

static intptr_t count(void *out)
{
	for (int n = FIRST; gev_chan_send(out, &n, GEV_FOREVER) == 0; n++)
		;
	return 0;
}

static intptr_t filter(void *arg)
{
	const struct filter *f = arg;
	int n;

	while (gev_chan_recv(f->in, &n, GEV_FOREVER) == 0)
		if (n % f->prime && gev_chan_send(f->out, &n, GEV_FOREVER) < 0)
			break;
	return gev_chan_close(f->in);
}

static gev_chan *channel(void)
{
	gev_chan *ch = gev_chan_new(sizeof(int), 0);

	if (!ch)
		die("no memory");
	return ch;
}

static void spawn(gev_fn *fn, void *arg)
{
	if (gev_go(fn, arg) < 0)
		die("can't start another greenlet");
}

/* Prints the primes and leaves the filters, all at their end. */
static void sieve(struct filter *filters, int primes)
{
	gev_chan *last = channel();

	spawn(count, last);
	for (int i = 0; i < primes; i++) {
		struct filter *f = &filters[i];

		f->in = last;
		if (gev_chan_recv(last, &f->prime, GEV_FOREVER) < 0)
			die("the chain is broken");
		printf("%d%c", f->prime, i + 1 < primes ? ' ' : '\n');
		f->out = last = channel();
		spawn(filter, f);
	}
	gev_chan_close(last);
	gev_hub_join(GEV_FOREVER);
	gev_chan_free(last);
}

static const char usage[] =
	"usage: prime_sieve [COUNT]\n"
	"Print the first COUNT prime numbers (10).";

int main(int argc, char **argv)
{
	int primes = 10;
	struct filter *filters;

	check_arguments(argc, argv, 0, 1, usage);
	if (argc == 2)
		primes = (int)number_option("COUNT", argv[1], 1, 100000);
	filters = calloc((size_t)primes, sizeof(*filters));
	if (!filters)
		die("no memory");
	sieve(filters, primes);
	for (int i = 0; i < primes; i++)
		gev_chan_free(filters[i].in);
	free(filters);
	return 0;
}
