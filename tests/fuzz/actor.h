/* SPDX-License-Identifier: MIT */
/* What the parts of the fuzzer share: the bytes, the actors, the checks. */
#ifndef TESTS_FUZZ_ACTOR_H
#define TESTS_FUZZ_ACTOR_H

#include <errno.h>
#include <gev.h>

#define ACTORS 12
#define BYTES 2048 /* of an input; the rest is ignored */
#define PIPES 7    /* channels and queues */
#define SEMS 2
#define TICK GEV_MS(10)

/* A greenlet that runs the script, and what it has in hand. */
struct actor {
	gev_greenlet *g; /* NULL: the place is free */
	bool begun;
	bool waiting;          /* in a call that may park it */
	gev_time start, limit; /* of that call */
	bool acquires_again;   /* without a limit, as conditions do */
	bool killed;           /* it was told */
	bool struck;           /* and knows */
	int thrown;            /* throws that have not struck yet */
	bool shielded;
	int links; /* that were not called yet */
	gev_timeout timeout;
	bool timed;           /* the timeout was started */
	intptr_t last[PIPES]; /* what it received from each */
	unsigned permits[SEMS];
	unsigned depth; /* of the rlock */
	unsigned reads; /* of the rwlock */
};

typedef void act_fn(struct actor *self);

/* operations.c */
extern struct actor actors[ACTORS];
bool must_at(bool ok, const char *file, int line, const char *text);
unsigned below(unsigned n);
struct actor *any(void);
gev_time now(void);

/* A call that may wait begins: none, some or all of the time. */
gev_time wait_begins(struct actor *self);

/*
 * It has ended with @r; returns the error, 0 if there is none.  Besides what
 * may end any wait, @allowed may have.
 */
int wait_ends(struct actor *self, int r, int allowed);

/* The same where the limit is not that of the whole call. */
int call_ends(struct actor *self, int r, int allowed);

/* locks.c and items.c: their objects, what is done to them, how it ended. */
void locks_init(void);
void locks_fini(void);
void locks_leave(struct actor *self); /* it gives back what it has */
extern act_fn *const lock_acts[];
extern const unsigned lock_acts_n;

void items_init(void);
void items_fini(void);
extern act_fn *const item_acts[];
extern const unsigned item_acts_n;

/* What choices need of the locks. */
gev_sem *lock_sem(unsigned i);
void permit_taken(struct actor *self, unsigned i);
gev_event *lock_event(void);

/* A check: the first that fails ends the script. */
#define must(cond) must_at((cond), __FILE__, __LINE__, #cond)

#endif
