/* SPDX-License-Identifier: MIT */
/*
 * A system call that need not wait, in a greenlet: one that nothing answers
 * but the kernel, or with 1, receiving a byte that is there.  With 1 behind
 * that, not patched.
 */
#include <gev.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bench.h"

#define ROUNDS 2000000
#define CHUNK 20000

static double ask(void)
{
	double start = bench_now();

	for (int i = 0; i < ROUNDS; i++)
		syscall(SYS_getppid);
	return (bench_now() - start) / ROUNDS;
}

static double receive(void)
{
	static char chunk[CHUNK];
	double spent = 0;
	int fds[2];

	bench_need(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "socketpair");
	for (int n = 0; n < ROUNDS; n += CHUNK) {
		double start;
		char c;

		bench_need(send(fds[0], chunk, CHUNK, 0) == CHUNK, "send");
		start = bench_now();
		for (int i = 0; i < CHUNK; i++)
			recv(fds[1], &c, 1, 0);
		spent += bench_now() - start;
	}
	return spent / ROUNDS;
}

int main(int argc, char **argv)
{
	bench_need(gev_hub_get() != NULL, "gev_hub_get");
	if (!bench_arg(argc, argv, 2, 0))
		bench_need(gev_patch_all(GEV_PATCH_ALL) == 0, "gev_patch_all");
	return bench_print(bench_arg(argc, argv, 1, 0) ? receive : ask);
}
