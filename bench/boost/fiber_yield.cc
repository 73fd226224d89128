/* SPDX-License-Identifier: MIT */
/* Two fibers of Boost take turns by yield(). */
#include <boost/fiber/all.hpp>
#include "bench.h"

static const long turns = 500000;

static void take_turns()
{
	for (long i = 0; i < turns; i++)
		boost::this_fiber::yield();
}

static double once()
{
	double start = bench_now();
	boost::fibers::fiber a(take_turns), b(take_turns);

	a.join();
	b.join();
	return (bench_now() - start) / (2 * turns);
}

int main()
{
	return bench_print(once);
}
