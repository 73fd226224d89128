/* SPDX-License-Identifier: MIT */
/* libpq's blocking interface in many threads. */
#include <pthread.h>
#include "libpq.h"

static void *client(void *i)
{
	ask_all((long)(intptr_t)i);
	return NULL;
}

static void work(void)
{
	pthread_t *thread = calloc((size_t)clients, sizeof(*thread));

	bench_need(thread != NULL, "calloc");
	for (long i = 0; i < clients; i++) {
		errno = pthread_create(&thread[i], NULL, client, (void *)i);
		bench_need(errno == 0, "pthread_create");
	}
	for (int i = 0; i < clients; i++)
		pthread_join(thread[i], NULL);
	free(thread);
}

int main(int argc, char **argv)
{
	return libpq_bench(argc, argv, 0, work);
}
