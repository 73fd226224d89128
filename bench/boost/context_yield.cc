/* SPDX-License-Identifier: MIT */
/* Boost.Context, the bare jump: there and back, with nobody scheduling. */
#include <boost/context/fiber.hpp>
#include "bench.h"

static const long turns = 2000000;

static double once()
{
	boost::context::fiber other([](boost::context::fiber &&caller) {
		for (;;)
			caller = std::move(caller).resume();
		return std::move(caller);
	});
	double start = bench_now();

	for (long i = 0; i < turns; i++)
		other = std::move(other).resume();
	return (bench_now() - start) / (2 * turns);
}

int main()
{
	return bench_print(once);
}
