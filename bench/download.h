/* SPDX-License-Identifier: MIT */
/*
 * download.h - what programs that download with libcurl share: "URL REQUESTS",
 * AT_ONCE of them at a time, on connections that are kept.
 *
 * They print requests per second, us of CPU for each, and KiB of memory.
 */
#ifndef BENCH_DOWNLOAD_H
#define BENCH_DOWNLOAD_H

#include <curl/curl.h>
#include <signal.h>
#include <sys/resource.h>
#include "bench.h"

#define AT_ONCE 100

static const char *download_url;
static long download_left, download_requests;

static inline size_t download_drop(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static inline CURL *download_new(void)
{
	CURL *curl = curl_easy_init();

	bench_need(curl != NULL, "curl_easy_init");
	curl_easy_setopt(curl, CURLOPT_URL, download_url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, download_drop);
	return curl;
}

static inline void download_need(CURLcode code)
{
	errno = 0;
	bench_need(code == CURLE_OK, curl_easy_strerror(code));
}

/* Whether there is one more to be made. */
static inline int download_take(void)
{
	return __atomic_fetch_sub(&download_left, 1, __ATOMIC_RELAXED) > 0;
}

/* What a worker with a blocking interface does. */
static inline void download_work(void)
{
	CURL *curl = download_new();

	while (download_take())
		download_need(curl_easy_perform(curl));
	curl_easy_cleanup(curl);
}

/* Measures @all, which makes all requests; once before that, for practice. */
static inline int download_bench(int argc, char **argv, void (*all)(void))
{
	double wall, cpu;
	struct rusage used;

	bench_need(argc == 3, "usage: URL REQUESTS");
	download_url = argv[1];
	download_requests = bench_arg(argc, argv, 2, 1);
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	download_left = AT_ONCE;
	all();
	download_left = download_requests;
	wall = bench_now();
	cpu = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	all();
	wall = bench_now() - wall;
	cpu = bench_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	getrusage(RUSAGE_SELF, &used);
	printf("%.0f %.2f %ld\n", (double)download_requests / wall * 1e9,
		cpu / (double)download_requests / 1e3, used.ru_maxrss);
	return 0;
}

#endif
