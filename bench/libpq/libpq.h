/* SPDX-License-Identifier: MIT */
/*
 * libpq.h - what the clients of PostgreSQL have in common.
 *
 *	PROGRAM CONNINFO CLIENTS QUERIES
 *
 * prints microseconds per query, of the clock and of the client's CPU; the MiB
 * that the program takes in the middle of it, with page tables and kernel
 * stacks; and the KiB of that which are a client's, besides its connection.
 */
#ifndef BENCH_LIBPQ_H
#define BENCH_LIBPQ_H

#include <libpq-fe.h>
#include <stdatomic.h>
#include "bench.h"

static const char *conninfo;
static int clients, queries;  /* queries of each client */
static PGconn **connection;
static atomic_long asked;
static long memory_before, memory_amid;

/* The KiB that a /proc file says there are of something. */
static inline long proc_kib(const char *path, const char *format)
{
	FILE *f = fopen(path, "r");
	char line[256];
	long kib = 0;

	bench_need(f != NULL, path);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, format, &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* The kernel's stacks are the machine's, but those of others don't change. */
static inline long memory_used(void)
{
	static const char status[] = "/proc/self/status";

	return proc_kib(status, "VmRSS: %ld kB") +
	       proc_kib(status, "VmPTE: %ld kB") +
	       proc_kib("/proc/meminfo", "KernelStack: %ld kB");
}

static inline void count_query(void)
{
	if (atomic_fetch_add(&asked, 1) == (long)clients * queries / 2)
		memory_amid = memory_used();
}

static inline void check_answer(PGresult *r, int n)
{
	bench_need(PQresultStatus(r) == PGRES_TUPLES_OK &&
			   atoi(PQgetvalue(r, 0, 0)) == n,
		"a wrong answer");
	PQclear(r);
}

static const char question[] = "select $1::int";

/* All queries of the @i-th client, by the blocking interface. */
static inline void ask_all(long i)
{
	char number[16];
	const char *value[] = { number };

	for (int n = 0; n < queries; n++) {
		snprintf(number, sizeof(number), "%d", n);
		check_answer(PQexecParams(connection[i], question, 1, NULL,
				     value, NULL, NULL, 0),
			n);
		count_query();
	}
}

static inline void connect_all(int n)
{
	connection = calloc((size_t)n, sizeof(*connection));
	bench_need(connection != NULL, "calloc");
	for (int i = 0; i < n; i++) {
		connection[i] = PQconnectdb(conninfo);
		errno = 0;
		bench_need(PQstatus(connection[i]) == CONNECTION_OK,
			PQerrorMessage(connection[i]));
	}
}

/* Runs @work over @n connections, and prints. */
static inline int libpq_bench(int argc, char **argv, int one_connection,
	void (*work)(void))
{
	double start, spent, before;
	long empty;

	bench_need(argc == 4, "usage: PROGRAM CONNINFO CLIENTS QUERIES");
	conninfo = argv[1];
	clients = atoi(argv[2]);
	queries = atoi(argv[3]);
	connect_all(one_connection ? 1 : clients);
	memory_before = memory_used();
	empty = proc_kib("/proc/meminfo", "KernelStack: %ld kB");
	start = bench_now();
	before = bench_ns(CLOCK_PROCESS_CPUTIME_ID);
	work();
	spent = bench_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
	start = bench_now() - start;
	printf("%.3f %.3f %.3f %.3f\n", start / 1e3 / clients / queries,
		spent / 1e3 / clients / queries,
		(double)(memory_amid - empty) / 1024,
		(double)(memory_amid - memory_before) / clients);
	return 0;
}

#endif
