/* SPDX-License-Identifier: MIT */
/*
 * patched_curl - libcurl's blocking interface, in hundreds of greenlets.
 *
 *	$ patched_curl --count 200 http://127.0.0.1:8080/file
 *	$ patched_curl https://a.example/ https://b.example/
 *
 * download() is what libcurl's manual shows first, and knows nothing of gev.
 * Since gev_patch_all() what would block the thread in it, looking up names,
 * connecting, TLS, waiting for data, blocks its greenlet: all downloads go on
 * at once, on one thread, each in a function that reads from top to bottom.
 *
 * A timeout reaches into libcurl as an error of the call it was waiting in, so
 * the download fails and cleans up as after any other error.
 */
#include <curl/curl.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "tools.h"

struct job {
	const char *url;
	char error[CURL_ERROR_SIZE];
	bool late;
	CURLcode code;
	long status;
	uint64_t bytes;
};

static struct job *jobs;
static long count;
static gev_time limit = GEV_SEC(60);

static size_t keep(char *data, size_t size, size_t n, void *job)
{
	(void)data;
	((struct job *)job)->bytes += size * n;
	return size * n;
}

/* libcurl as it is always used. */
static void download(struct job *job)
{
	CURL *curl = curl_easy_init();

	job->code = CURLE_OUT_OF_MEMORY;
	if (!curl)
		return;
	curl_easy_setopt(curl, CURLOPT_URL, job->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, job->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, job);
	job->code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &job->status);
	curl_easy_cleanup(curl);
}

static intptr_t download_in_time(void *arg)
{
	struct job *job = arg;
	gev_timeout timeout;

	gev_timeout_start(&timeout, limit);
	download(job);
	job->late = gev_timeout_cancel(&timeout);
	return 0;
}

/* TLS and looking up names take more stack than is usual. */
static void download_all(void)
{
	static const struct gev_spawn_options options = { .stack_size =
								  256 * 1024 };
	gev_greenlet **g = calloc((size_t)count, sizeof(*g));

	for (long i = 0; i < count; i++) {
		if (g)
			g[i] = gev_spawn_opt(download_in_time, &jobs[i],
				&options);
		if (!g || !g[i])
			die("cannot start: %s", strerror(errno));
	}
	gev_joinall(g, (size_t)count, GEV_FOREVER);
	for (long i = 0; i < count; i++)
		gev_unref(g[i]);
	free(g);
}

static bool complain(const struct job *job)
{
	const char *why = *job->error ? job->error :
					curl_easy_strerror(job->code);

	if (job->code == CURLE_OK && job->status < 400)
		return false;
	if (job->late)
		fprintf(stderr, "%s: out of time (%s)\n", job->url, why);
	else if (job->code != CURLE_OK)
		fprintf(stderr, "%s: %s\n", job->url, why);
	else
		fprintf(stderr, "%s: status %ld\n", job->url, job->status);
	return true;
}

/* How many failed. */
static long summarise(gev_time spent)
{
	double seconds = (double)spent / 1e9;
	uint64_t bytes = 0;
	long failed = 0;

	for (long i = 0; i < count; i++) {
		failed += complain(&jobs[i]);
		bytes += jobs[i].bytes;
	}
	printf("%ld of %ld downloaded, %llu bytes, in %.3f s: %.0f a second,"
	       " %.1f MB/s\n", count - failed, count,
		(unsigned long long)bytes, seconds,
		(double)(count - failed) / seconds,
		(double)bytes / 1e6 / seconds);
	return failed;
}

/* Each of @urls, @times over. */
static void make_jobs(char **urls, int n, long times)
{
	count = n * times;
	jobs = calloc((size_t)count, sizeof(*jobs));
	if (!jobs)
		die("no memory");
	for (long i = 0; i < count; i++)
		jobs[i].url = urls[i % n];
}

static gev_time now(void)
{
	return gev_loop_update(gev_hub_loop(gev_hub_get()));
}

static long options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	long times = 1;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (c == 'c')
			times = number_option("count", optarg, 1, 100000);
		else if (c == 't')
			limit = GEV_SEC(number_option("timeout", optarg, 1,
				86400));
		else if (c == 'h')
			show("usage: patched_curl [options] URL...\n"
			     "\n"
			     "Downloads the URLs with libcurl, all at once, on"
			     " one thread.\n"
			     "\n"
			     "  --count N      each of them N times (1)\n"
			     "  --timeout SEC  for each download (60)\n"
			     "  --help         this");
		else
			exit(2);
	return times;
}

int main(int argc, char **argv)
{
	long times = options(argc, argv), failed;
	gev_time start;

	if (optind == argc)
		die("nothing to download; see --help");
	make_jobs(argv + optind, argc - optind, times);
	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN);
	patch_libc();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	start = now();
	download_all();
	failed = summarise(now() - start);
	curl_global_cleanup();
	free(jobs);
	return failed > 0;
}
