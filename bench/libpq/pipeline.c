/* SPDX-License-Identifier: MIT */
/*
 * libpq's pipeline mode: one connection, on which as many queries as there
 * are clients elsewhere are under way.
 */
#include "libpq.h"

static void send_all(PGconn *c, int n)
{
	char number[16];
	const char *value[] = { number };

	snprintf(number, sizeof(number), "%d", n);
	for (int i = 0; i < clients; i++)
		bench_need(PQsendQueryParams(c, question, 1, NULL, value, NULL,
				   NULL, 0),
			"PQsendQueryParams");
	bench_need(PQpipelineSync(c), "PQpipelineSync");
}

static void receive_all(PGconn *c, int n)
{
	PGresult *sync;

	for (int i = 0; i < clients; i++) {
		check_answer(PQgetResult(c), n);
		bench_need(!PQgetResult(c), "more than one answer");
		count_query();
	}
	sync = PQgetResult(c);
	bench_need(PQresultStatus(sync) == PGRES_PIPELINE_SYNC, "no end");
	PQclear(sync);
}

static void work(void)
{
	PGconn *c = connection[0];

	bench_need(PQenterPipelineMode(c), "PQenterPipelineMode");
	for (int n = 0; n < queries; n++) {
		send_all(c, n);
		receive_all(c, n);
	}
}

int main(int argc, char **argv)
{
	return libpq_bench(argc, argv, 1, work);
}
