/* SPDX-License-Identifier: MIT */
/*
 * Channels of Boost.Fiber: a round trip over two that are unbuffered; or with
 * the argument 1, an element into the buffer of one and out again.
 */
#include <boost/fiber/all.hpp>
#include "bench.h"

static const long rounds = 200000;
static const long capacity = 1000; /* a power of two holds one less */

static double round_trip()
{
	boost::fibers::unbuffered_channel<long> there, back;
	boost::fibers::fiber reply([&] {
		for (long n : there)
			back.push(n);
	});
	double start = bench_now();

	for (long i = 0; i < rounds; i++) {
		there.push(i);
		bench_need(back.value_pop() == i, "echo");
	}
	start = bench_now() - start;
	there.close();
	reply.join();
	return start / rounds;
}

static double buffered()
{
	boost::fibers::buffered_channel<long> ch(1024);
	double start = bench_now();
	long n = 0;

	for (long i = 0; i < rounds; i += capacity) {
		for (long j = 0; j < capacity; j++)
			ch.push(j);
		for (long j = 0; j < capacity; j++)
			n = ch.value_pop();
	}
	bench_need(n == capacity - 1, "order");
	return (bench_now() - start) / (2 * rounds);
}

int main(int argc, char **argv)
{
	return bench_print(bench_arg(argc, argv, 1, 0) ? buffered : round_trip);
}
