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
#define THROWN EPROTO
#define LATE ETIME /* the code of an actor's own gev_timeout */

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
intptr_t live(void *actor); /* the life of a greenlet */

/* A call that may wait begins: none, some or all of the time. */
gev_time wait_begins(struct actor *self);
void wait_begins_for(struct actor *self, gev_time limit);

/*
 * It has ended with @r; returns the error, 0 if there is none.  Besides what
 * may end any wait, @allowed may have.
 */
int wait_ends(struct actor *self, int r, int allowed);

/* The same where the limit is not that of the whole call. */
int call_ends(struct actor *self, int r, int allowed);

/* Its gev_timeout may have fired in a wait that says something else. */
void timeout_may_be_over(struct actor *self);

/* memory.c: whether an allocation has failed, as it was told to. */
bool starved(void);
bool allocates(int r); /* whether @r is 0; else that must be the reason */
void memory_is_back(void);

/* Who acts in callbacks of the loop, where nobody can wait. */
extern struct actor callback_actor;

/* What is done to one kind of objects. */
struct acts {
	act_fn *const *fns;
	unsigned n;
	void (*init)(void);
	void (*leave)(struct actor *self); /* it gives back what it has */
	void (*end)(void);  /* nobody acts any more: what else runs is to end */
	void (*fini)(void); /* all have ended: how they left it */
};

extern const struct acts greenlet_acts, lock_acts, item_acts, choice_acts,
	group_acts, value_acts, mortal_acts, callback_acts, thread_acts,
	memory_acts;

/* What choices and callbacks need of the locks. */
gev_sem *lock_sem(unsigned i);
void permit_taken(struct actor *self, unsigned i);
gev_event *lock_event(void);
gev_async_result *lock_result(void);

/* One choice of a pipe: which, and the item that it sends or gets. */
struct arm {
	unsigned of;
	intptr_t n;
};

void pipe_choice(gev_choice *c, struct arm *arm, bool send);
void pipe_taken(struct actor *self, const gev_choice *c, const struct arm *arm);

/* Whether nothing runs on a thread. */
bool threads_are_idle(void);

#define ACTS_N(fns) (sizeof(fns) / sizeof((fns)[0]))

/* A check: the first that fails ends the script. */
#define must(cond) must_at((cond), __FILE__, __LINE__, #cond)

#endif
