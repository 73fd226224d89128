/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR "########################################"

gev_time progress_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return GEV_SEC(now.tv_sec) + now.tv_nsec;
}

static double seconds(gev_time t)
{
	return (double)t / 1e9;
}

static double megabytes(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

static void draw_bar(const struct progress *p)
{
	int width = sizeof(BAR) - 1;
	int full = p->total ? (int)((int64_t)p->done * width / p->total) : 0;

	fprintf(stderr, "\r[%-*.*s] %d/%d  %.1f MB  %.1f s ", width, full, BAR,
		p->done, p->total, megabytes(p->bytes),
		seconds(progress_clock() - p->started));
}

static void print_line(struct progress *p)
{
	fprintf(stderr, "%d of %d files, %.1f MB, %.1f s\n", p->done, p->total,
		megabytes(p->bytes), seconds(progress_clock() - p->started));
	p->shown = p->done;
}

/* Until it is killed. */
static intptr_t show(void *progress)
{
	struct progress *p = progress;
	bool terminal = isatty(STDERR_FILENO);

	do {
		if (terminal)
			draw_bar(p);
		else if (p->done - p->shown >= p->total / 10 + 1)
			print_line(p);
	} while (gev_sleep(GEV_MS(50)) == 0);
	if (terminal)
		draw_bar(p), fputc('\n', stderr);
	else if (p->shown < p->done)
		print_line(p);
	return 0;
}

void progress_start(struct progress *p, bool show_it)
{
	p->started = progress_clock();
	p->greenlet = show_it ? gev_spawn(show, p) : NULL;
}

void progress_end(struct progress *p)
{
	p->wall = progress_clock() - p->started;
	gev_kill(p->greenlet, GEV_FOREVER);
	gev_unref(p->greenlet);
}

/* A number that the kernel tells of this process. */
static long status_field(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	size_t length = strlen(name);
	char line[256];
	long value = -1;

	while (status && value < 0 && fgets(line, sizeof(line), status))
		if (!strncmp(line, name, length) && line[length] == ':')
			value = strtol(line + length + 1, NULL, 10);
	if (status)
		fclose(status);
	return value;
}

void progress_print(const struct progress *p)
{
	struct gev_hub_stats stats = { 0 };
	gev_time alone = p->each * p->total;

	gev_hub_get_stats(gev_hub_get(), &stats);
	printf("files           %d%s\n", p->done - p->failed,
		p->checked ? ", every checksum right" : "");
	if (p->failed)
		printf("failed          %d\n", p->failed);
	printf("bytes           %.1f MB\n", megabytes(p->bytes));
	printf("wall time       %.2f s\n", seconds(p->wall));
	if (p->sampled > 0 && p->wall > 0)
		printf("one by one      %.1f s, %.0f times as long"
		       " (%.1f ms each, measured on %d)\n", seconds(alone),
			(double)alone / (double)p->wall,
			(double)p->each / 1e6, p->sampled);
	printf("greenlets       %ju at one time\n", (uintmax_t)stats.peak);
	printf("threads         %ld\n", status_field("Threads"));
	printf("peak memory     %.1f MB\n",
		(double)status_field("VmHWM") / 1e3);
}
