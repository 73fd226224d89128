/* SPDX-License-Identifier: MIT */
/*
 * Random programs of threads, of which it is known what has to come of them.
 *
 * A seed makes a scene: some plays at the same time, each with workers of its
 * own and a result that does not depend on who runs when.  Meanwhile a heckler
 * may send signals to all who work, so calls that may end with EINTR do.
 *
 *	random FIRST [COUNT]	scenes of that many seeds, one after the other
 *
 * tests/programs/many.py runs many of them, natively and under gev run.
 */
#ifndef TESTS_PROGRAMS_RANDOM_H
#define TESTS_PROGRAMS_RANDOM_H

#include "../program.h"

#define WORKERS 8

struct play {
	const char *name;
	uint64_t chance;        /* the conductor's */
	int signum;             /* of two that are this play's alone */
	const char *wrong;      /* what was, first */
	int error;              /* errno then */
};

typedef void scene_part(struct play *p);

struct worker {
	struct play *play;
	pthread_t thread;
	uint64_t chance;
	int number;
	void *shared;
	intptr_t (*fn)(struct worker *w);
	intptr_t result;
	struct worker *next;    /* in the list of those to be heckled */
};

/* A number below @n. */
unsigned below(uint64_t *chance, unsigned n);

/* Notes what is not as it must be.  @ok. */
bool must(struct play *p, bool ok, const char *what);

/* Whether a call that failed is to be made again, since a signal came. */
bool again(struct play *p, bool restarts);

/* @n workers that run @fn; and until they have. */
void hire(struct play *p, struct worker *w, int n,
	intptr_t (*fn)(struct worker *w), void *shared);
intptr_t dismiss(struct worker *w, int n);

/* A thread that is to be left alone no more, or that comes to be. */
void enter(struct worker *w);
void leave(struct worker *w);

/* Some time is spent, by this or that. */
void dawdle(uint64_t *chance);

/* sem_wait() that heeds signals. */
void take(struct play *p, void *sem);

/* heckler.c: begins to send signals; ends it. */
void heckle(uint64_t chance);
void hush(void);
extern bool heckled, restarting;

/* The plays. */
scene_part play_counting, play_pairs, play_queue, play_rounds, play_permits,
	play_inherited;
scene_part play_families, play_detached, play_locals, play_cancelled,
	play_interrupted, play_computing;
scene_part play_queued, play_directed, play_any, play_suspended, play_escapes,
	play_timers;
scene_part play_messages, play_datagrams, play_events, play_closing;
scene_part play_children, play_spawned, play_shared, play_files;

#endif
