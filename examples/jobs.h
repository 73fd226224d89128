/* SPDX-License-Identifier: MIT */
/* jobs.h - what is to be downloaded: read from lists, or arguments. */
#ifndef EXAMPLES_JOBS_H
#define EXAMPLES_JOBS_H

#include "sha256.h"
#include "url.h"

struct job {
	struct url url;
	const char *name;           /* of the file, for people and --output */
	char sum[SHA256_TEXT_SIZE]; /* what it should be, or "" */
};

struct jobs {
	struct job *all;
	int count;
};

/* Each ends the program if it finds something wrong. */

/* jobs_add_url - @text is taken over. */
void jobs_add_url(struct jobs *jobs, char *text);

/* jobs_add_list - a URL a line; "-" is standard input. */
void jobs_add_list(struct jobs *jobs, const char *file);

/* jobs_add_sums - sha256sum's lines; the names are relative to @base. */
void jobs_add_sums(struct jobs *jobs, const char *file, const char *base);

#endif
