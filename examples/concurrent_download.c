/* SPDX-License-Identifier: MIT */
/*
 * concurrent_download - fetch many files over HTTP at once, on one thread.
 *
 * download() is written as if it were alone: connect, ask, read until the end.
 * Each file is fetched by a greenlet of its own that does just that, and all
 * of them wait at the same time.  With --concurrency there are fewer
 * greenlets, each taking the next file when it is done with one.
 *
 * With --sums the files are those of a list made by sha256sum(1), all below
 * one URL, and each is checked.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gev.h>
#include "http.h"
#include "jobs.h"
#include "progress.h"
#include "store.h"
#include "tools.h"

struct download {
	const struct job *job;
	struct http_in in;
	struct http_head head;
	struct store store;
	struct sha256 sum;
	uint64_t bytes;
};

static struct {
	const char *sums;   /* a list of sha256sum's, or NULL */
	const char *list;   /* a list of URLs, or NULL */
	const char *output; /* a directory, or NULL */
	long concurrency;   /* 0: no bound */
	long sample;
	long timeout;
	bool quiet;
} options = { .timeout = 60 };

static struct jobs jobs;
static struct progress progress;
static int next_job;

/* The functions of a download return NULL; or what went wrong, in words. */

static const char *words(int error)
{
	switch (error) {
	case EBADMSG:
		return "the answer is not HTTP";
	case EMSGSIZE:
		return "the answer's head is too long";
	case ECONNRESET:
		return "the connection ended early";
	case ETIMEDOUT:
		return "timed out";
	case ENXIO:
		return "there is no such host";
	case EAGAIN:
		return "the host's name can't be looked up now";
	default:
		return strerror(error);
	}
}

static const char *ask(struct download *d)
{
	const struct url *url = &d->job->url;
	char *request;
	int n, r;

	n = asprintf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\n"
		"User-Agent: concurrent_download\r\nConnection: close\r\n\r\n",
		url->path, url->authority);
	if (n < 0)
		return words(ENOMEM);
	r = gev_sendall(d->in.fd, request, n, MSG_NOSIGNAL, GEV_FOREVER, NULL);
	free(request);
	return r < 0 ? words(errno) : NULL;
}

/* "HTTP/1.1 404 Not Found"; those below 200 announce another head. */
static const char *receive_head(struct download *d)
{
	const char *line;

	do {
		if (http_read_head(&d->in, &d->head) < 0)
			return words(errno);
		line = d->head.line;
		if (strncmp(line, "HTTP/1.", 7) || strlen(line) < 12)
			return words(EBADMSG);
	} while (line[9] == '1');
	return strncmp(line + 9, "200", 3) ? line + 9 : NULL;
}

static const char *receive_body(struct download *d)
{
	struct http_body body;
	const char *data;
	ssize_t n;

	if (http_body_init(&body, &d->in, &d->head, HTTP_TO_EOF) < 0)
		return words(errno);
	while ((n = http_body_read(&body, &data)) > 0) {
		sha256_update(&d->sum, data, n);
		if (options.output && store_write(&d->store, data, n) < 0)
			return words(errno);
		d->bytes += n;
	}
	return n < 0 ? words(errno) : NULL;
}

static const char *check(struct download *d)
{
	char sum[SHA256_TEXT_SIZE];

	sha256_final(&d->sum, sum);
	return *d->job->sum && strcmp(sum, d->job->sum)
		? "the checksum differs" : NULL;
}

static const char *receive(struct download *d)
{
	const char *wrong = receive_head(d);

	if (wrong)
		return wrong;
	if (options.output &&
		store_open(&d->store, options.output, d->job->name) < 0)
		return words(errno);
	wrong = receive_body(d);
	if (!wrong)
		wrong = check(d);
	if (options.output && wrong)
		store_drop(&d->store);
	else if (options.output && store_keep(&d->store) < 0)
		wrong = words(errno);
	return wrong;
}

static const char *connect_and_receive(struct download *d)
{
	const struct url *url = &d->job->url;
	int fd = gev_tcp_connect(url->host, url->port, GEV_FOREVER);
	const char *wrong;

	if (fd < 0)
		return words(errno);
	http_in_init(&d->in, fd);
	wrong = ask(d);
	if (!wrong)
		wrong = receive(d);
	gev_close(fd);
	return wrong;
}

static bool download(const struct job *job)
{
	struct download d;
	gev_timeout timeout;
	const char *wrong;

	d.job = job;
	d.bytes = 0;
	sha256_init(&d.sum);
	gev_timeout_start(&timeout, GEV_SEC(options.timeout));
	wrong = connect_and_receive(&d);
	gev_timeout_cancel(&timeout);
	if (wrong)
		fprintf(stderr, "http://%s%s: %s\n", job->url.authority,
			job->url.path, wrong);
	progress.bytes += d.bytes;
	return !wrong;
}

static intptr_t download_the_next(void *unused)
{
	(void)unused;
	while (next_job < jobs.count) {
		if (!download(&jobs.all[next_job++]))
			progress.failed++;
		progress.done++;
	}
	return 0;
}

/* How many descriptors, and so greenlets, there can be. */
static int choose_concurrency(void)
{
	long limit = raise_descriptor_limit();
	long most = (limit - 16) / (options.output ? 2 : 1);
	long wanted = jobs.count;

	if (options.concurrency > 0 && options.concurrency < wanted)
		wanted = options.concurrency;
	if (wanted > most)
		fprintf(stderr, "concurrent_download: %ld at a time, since"
			" there may be %ld descriptors (ulimit -n)\n",
			most, limit);
	return wanted < most ? wanted : most;
}

static void download_all(int concurrency)
{
	gev_greenlet **workers = calloc(concurrency, sizeof(*workers));
	int n = 0;

	while (workers && n < concurrency &&
		(workers[n] = gev_spawn(download_the_next, NULL)))
		n++;
	if (n == 0)
		die("cannot start: %s", strerror(errno));
	gev_joinall(workers, n, GEV_FOREVER);
	while (n > 0)
		gev_unref(workers[--n]);
	free(workers);
}

/* One after the other, spread evenly over all: what it would be like. */
static void measure_sample(int n)
{
	gev_time start = progress_clock();

	for (int i = 0; i < n; i++)
		if (!download(&jobs.all[(int64_t)i * jobs.count / n]))
			return;
	progress.each = (progress_clock() - start) / n;
	progress.sampled = n;
}

static void help(void)
{
	puts("usage: concurrent_download [options] URL...\n"
	     "       concurrent_download [options] --list FILE\n"
	     "       concurrent_download [options] --sums FILE URL\n"
	     "Fetch files over HTTP/1.1, all at once, on one thread.\n\n"
	     "  --list FILE      URLs to fetch, one a line; -: standard input\n"
	     "  --sums FILE      fetch what this list of sha256sum(1) names,"
	     " below URL,\n"
	     "                   and check it\n"
	     "  --output DIR     keep the files there (they are only counted"
	     " otherwise)\n"
	     "  --concurrency N  at most N at a time (all)\n"
	     "  --timeout SEC    for each file (60)\n"
	     "  --sample N       first fetch N one after the other, to"
	     " compare (0)\n"
	     "  --quiet          say only what failed\n"
	     "  --help           this\n\n"
	     "URLs are http://HOST[:PORT]/PATH, where HOST is a name or an"
	     " address.\n"
	     "There is no TLS, and redirections are not followed."
	     "  The status is 0, or\n"
	     "1 if a file could not be had.");
	exit(0);
}

static void take_option(int c)
{
	switch (c) {
	case 'l':
		options.list = optarg;
		break;
	case 's':
		options.sums = optarg;
		break;
	case 'o':
		options.output = optarg;
		break;
	case 'c':
		options.concurrency = number_option("concurrency", optarg, 1,
			1000000);
		break;
	case 't':
		options.timeout = number_option("timeout", optarg, 1, 86400);
		break;
	case 'n':
		options.sample = number_option("sample", optarg, 0, 1000000);
		break;
	case 'q':
		options.quiet = true;
		break;
	case 'h':
		help();
		break;
	default:
		exit(2);
	}
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "list", required_argument, NULL, 'l' },
		{ "sums", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "concurrency", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "sample", required_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1)
		take_option(c);
}

static void collect_jobs(int n, char **urls)
{
	if (options.sums && n != 1)
		die("--sums wants one URL, below which its files are");
	if (options.sums)
		jobs_add_sums(&jobs, options.sums, urls[0]);
	for (int i = 0; i < n && !options.sums; i++)
		jobs_add_url(&jobs, urls[i]);
	if (options.list)
		jobs_add_list(&jobs, options.list);
	if (jobs.count == 0)
		die("nothing to fetch; see --help");
}

int main(int argc, char **argv)
{
	int concurrency;

	parse_options(argc, argv);
	collect_jobs(argc - optind, argv + optind);
	concurrency = choose_concurrency();
	if (options.sample > 0)
		measure_sample(options.sample < jobs.count ? options.sample
							   : jobs.count);
	progress.total = jobs.count;
	progress.bytes = 0;
	progress.checked = options.sums;
	progress_start(&progress, !options.quiet);
	download_all(concurrency);
	progress_end(&progress);
	if (!options.quiet)
		progress_print(&progress);
	return progress.failed > 0;
}
