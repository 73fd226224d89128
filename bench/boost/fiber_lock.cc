/* SPDX-License-Identifier: MIT */
/* A mutex of Boost.Fiber nobody else wants, locked or unlocked. */
#include <boost/fiber/all.hpp>
#include "bench.h"

static const long rounds = 5000000;

static double once()
{
	boost::fibers::mutex m;
	double start = bench_now();

	for (long i = 0; i < rounds; i++) {
		m.lock();
		m.unlock();
	}
	return (bench_now() - start) / (2 * rounds);
}

int main()
{
	return bench_print(once);
}
