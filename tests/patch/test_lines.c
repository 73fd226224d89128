/* SPDX-License-Identifier: MIT */
/* Greenlets that share a file of stdio, whose lock has an owner. */
#include <gev/greenlet.h>
#include <sched.h>
#include <unistd.h>
#include "patch/full.h"

/* A file on a pipe that takes far less than is written. */
static FILE *slow;
static int slow_end;

static intptr_t write_slowly(void *arg)
{
	char text[1002];

	memset(text, 'a' + (int)(intptr_t)arg, 1000);
	strcpy(text + 1000, "\n");
	for (int i = 0; i < 100; i++)
		t_eq(fprintf(slow, "%s", text), 1001);
	return fflush(slow);
}

static intptr_t write_both(void *arg)
{
	gev_greenlet *g[2];

	(void)arg;
	for (int i = 0; i < 2; i++)
		g[i] = start(write_slowly, i);
	for (int i = 0; i < 2; i++)
		join(g[i]);
	return fclose(slow);
}

static bool is_whole(const char *line, ssize_t n)
{
	for (ssize_t i = 0; i < n - 1; i++)
		if (line[i] != line[0])
			return false;
	return n == 1001;
}

static intptr_t read_all(void *arg)
{
	FILE *f = fdopen(slow_end, "r");
	int *whole = arg;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, f)) > 0)
		*whole += is_whole(line, n);
	free(line);
	return fclose(f);
}

static void lines_of_two_writers_are_whole(void)
{
	gev_greenlet *reader, *writer;
	int ends[2], whole = 0;

	if (!patch_full())
		return;
	t_eq(pipe(ends), 0);
	slow = fdopen(ends[1], "w");
	slow_end = ends[0];
	writer = gev_spawn(write_both, NULL);
	gev_sleep(GEV_MS(1));
	reader = gev_spawn(read_all, &whole);
	join(writer);
	join(reader);
	t_eq(whole, 200);
	t_eq(gev_unpatch_all(), 0);
}

static intptr_t read_some(void *arg)
{
	int *whole = arg;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	enter();
	while ((n = getline(&line, &room, slow)) > 0) {
		*whole += is_whole(line, n);
		sched_yield();
	}
	leave();
	free(line);
	return 0;
}

static void write_in_pieces(int fd)
{
	char text[1002];

	for (int i = 0; i < 100; i++) {
		memset(text, 'a' + i % 26, 1000);
		strcpy(text + 1000, "\n");
		t_eq(write(fd, text, 300), 300);
		usleep(10);
		t_eq(write(fd, text + 300, 701), 701);
	}
}

static void lines_for_many_readers_are_whole(void)
{
	gev_greenlet *g[N];
	int ends[2], whole = 0;

	if (!patch_full())
		return;
	most_inside = 0;
	t_eq(pipe(ends), 0);
	slow = fdopen(ends[0], "r");
	for (int i = 0; i < N; i++)
		g[i] = start(read_some, (intptr_t)&whole);
	write_in_pieces(ends[1]);
	close(ends[1]);
	for (int i = 0; i < N; i++)
		join(g[i]);
	t_eq(fclose(slow), 0);
	t_eq(most_inside, N);
	t_eq(whole, 100);
	t_eq(gev_unpatch_all(), 0);
}

int main(void)
{
	T_RUN(lines_of_two_writers_are_whole);
	T_RUN(lines_for_many_readers_are_whole);
	return t_done();
}
