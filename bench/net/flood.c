/* SPDX-License-Identifier: MIT */
/*
 * flood PORT PID MILLISECONDS - how clients fare next to a flood.
 *
 * Four connections to an echo server send chunks of 64 to 256 KiB as fast as
 * they can and read the echo.  Meanwhile four neighbours each send 64 bytes
 * every millisecond.  A late reply counts for the messages that came due
 * meanwhile, too: a stall is felt by all who come during it.  Prints the
 * neighbours' 99th percentile and the worst, in milliseconds, and the flood's
 * megabytes per second.
 */
#include <stdbool.h>
#include "net.h"

#define FLOODERS 4
#define NEIGHBOURS 4
#define MESSAGE 64
#define CHUNK_MIN (64 << 10)
#define CHUNK_MAX (256 << 10)
#define PERIOD 1e6 /* nanoseconds */
#define SAMPLES_MAX 1000000

struct neighbour {
	int fd;
	bool waiting; /* for the reply to the message that was due last */
	double due;
};

static int flooders[FLOODERS];
static struct neighbour neighbours[NEIGHBOURS];
static char chunk[CHUNK_MAX];
static double latencies[SAMPLES_MAX];
static size_t samples;
static double flooded;

static void blast(int fd)
{
	size_t size = CHUNK_MIN + bench_random() % (CHUNK_MAX - CHUNK_MIN + 1);
	ssize_t n;

	send(fd, chunk, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	n = recv(fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	if (n > 0)
		flooded += (double)n;
}

/* A connection that has been served once: the flood finds it at work. */
static int neighbour_connect(int port)
{
	char message[MESSAGE] = { 0 };
	int fd = net_connect(port);

	send(fd, message, MESSAGE, 0);
	bench_need(recv(fd, message, MESSAGE, MSG_WAITALL) == MESSAGE, "recv");
	return fd;
}

/* The reply came at @now: to what was due, and to what came due meanwhile. */
static void record(struct neighbour *p, double now)
{
	for (; p->due < now; p->due += PERIOD)
		if (samples < SAMPLES_MAX)
			latencies[samples++] = (now - p->due) / 1e6;
}

static void ping(struct neighbour *p)
{
	char message[MESSAGE] = { 0 };

	if (!p->waiting && bench_now() >= p->due) {
		send(p->fd, message, MESSAGE, MSG_NOSIGNAL);
		p->waiting = true;
	}
	if (!p->waiting || recv(p->fd, message, MESSAGE, MSG_DONTWAIT) <= 0)
		return;
	record(p, bench_now());
	p->waiting = false;
}

static void ping_all(void)
{
	for (int i = 0; i < NEIGHBOURS; i++)
		ping(&neighbours[i]);
}

int main(int argc, char **argv)
{
	int port = (int)bench_arg(argc, argv, 1, 0);
	double length = (double)bench_arg(argc, argv, 3, 1000) * 1e6;
	double start, end, p99;

	for (int i = 0; i < NEIGHBOURS; i++)
		neighbours[i].fd = neighbour_connect(port);
	for (int i = 0; i < FLOODERS; i++)
		flooders[i] = net_connect(port);
	start = bench_now();
	end = start + length;
	for (int i = 0; i < NEIGHBOURS; i++)
		neighbours[i].due = start + PERIOD * i / NEIGHBOURS;
	while (bench_now() < end)
		for (int i = 0; i < FLOODERS; i++) {
			blast(flooders[i]);
			ping_all();
		}
	for (int i = 0; i < NEIGHBOURS; i++)
		record(&neighbours[i], end);
	p99 = bench_quantile(latencies, samples, 0.99);
	printf("%.3f %.3f %.0f\n", p99, latencies[samples - 1],
		flooded / length * 1e3);
	return 0;
}
