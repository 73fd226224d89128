/* SPDX-License-Identifier: MIT */
/*
 * progress.h - show how far the downloads are: a bar on a terminal, a line now
 * and then elsewhere; and how it all went, at the end.
 */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <gev.h>

struct progress {
	int total, done, failed;
	uint64_t bytes;
	gev_time started, wall;
	gev_time each;   /* one file, measured without company; 0: it wasn't */
	int sampled;     /* how many files that was measured on */
	bool checked;    /* the files were compared with a checksum */
	int shown;       /* of total, by the last line */
	gev_greenlet *greenlet;
};

/* The clock, in nanoseconds from some start. */
gev_time progress_clock(void);

/* progress_start - the downloads begin; @show: on standard error. */
void progress_start(struct progress *p, bool show);

/* progress_end - they are over. */
void progress_end(struct progress *p);

/* progress_print - the table, on standard output. */
void progress_print(const struct progress *p);

#endif
