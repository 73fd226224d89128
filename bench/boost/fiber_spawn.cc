/* SPDX-License-Identifier: MIT */
/*
 * Launch a batch of Boost's fibers (first argument) and join them.  Stacks come
 * from Boost's pool: without it each fiber would pay for an mmap().
 */
#include <boost/fiber/all.hpp>
#include <vector>
#include "bench.h"

static const long spawns = 200000;
static long batch;
static boost::fibers::pooled_fixedsize_stack stacks;

static void nothing()
{
}

static void spawn_batch(std::vector<boost::fibers::fiber> &f)
{
	for (long i = 0; i < batch; i++)
		f.emplace_back(std::allocator_arg, stacks, nothing);
	for (long i = 0; i < batch; i++)
		f[i].join();
	f.clear();
}

static double once()
{
	std::vector<boost::fibers::fiber> f;
	double start = bench_now();

	f.reserve(batch);
	for (long i = 0; i < spawns; i += batch)
		spawn_batch(f);
	return (bench_now() - start) / spawns;
}

int main(int argc, char **argv)
{
	batch = bench_arg(argc, argv, 1, 1);
	return bench_print(once);
}
