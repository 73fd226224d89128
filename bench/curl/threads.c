/* SPDX-License-Identifier: MIT */
/* curl_easy_perform in threads. */
#include <pthread.h>
#include "download.h"

static void *work(void *arg)
{
	download_work();
	return arg;
}

static void all(void)
{
	pthread_t threads[AT_ONCE];

	for (int i = 0; i < AT_ONCE; i++)
		bench_need(!pthread_create(&threads[i], NULL, work, NULL),
			"pthread_create");
	for (int i = 0; i < AT_ONCE; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	return download_bench(argc, argv, all);
}
