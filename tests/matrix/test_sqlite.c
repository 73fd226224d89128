/* SPDX-License-Identifier: MIT */
/*
 * SQLite on a busy database.  Who finds it locked sleeps and tries again:
 * nothing waits for a descriptor, and nothing wakes anybody.
 *
 * SQLite does not look at what its own sleep returns.  A kill makes all of its
 * sleeps short, so that its time is soon over; a timeout only one of them.  Who
 * wants to be told at once brings a busy handler that does look.
 */
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "matrix.h"
#include "server.h"

#define WRITERS 20
#define ROUNDS 20

static struct server home; /* of the database: there is no server */
static char path[80];

/* Another process, which locks the database and lets go of it. */
static pid_t other;
static int tell_other[2], hear_other[2];

static bool does(sqlite3 *db, const char *sql)
{
	bool ok = t_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);

	if (!ok)
		printf("#   %s: %s\n", sql, sqlite3_errmsg(db));
	return ok;
}

static sqlite3 *opened(void)
{
	sqlite3 *db;

	t_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "pragma synchronous = off", NULL, NULL, NULL);
	return db;
}

/* A statement for each byte it is told; it answers with one. */
static void be_the_other(pid_t parent)
{
	sqlite3 *db;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	db = opened();
	sqlite3_busy_timeout(db, 10000);
	while (read(tell_other[0], &c, 1) == 1) {
		does(db, c == 'l' ? "begin exclusive" : "commit");
		if (write(hear_other[1], &c, 1) != 1)
			break;
	}
	_exit(t_failures != 0);
}

static void let_other(char what)
{
	char c = '\0';

	t_eq(write(tell_other[1], &what, 1), 1);
	t_eq(read(hear_other[0], &c, 1), 1);
	t_eq(c, what);
}

static void start_other(void)
{
	pid_t parent = getpid();

	fflush(stdout);
	other = fork();
	if (other == 0)
		be_the_other(parent);
}

static const char *serve(void)
{
	const char *why = server_open(&home);
	sqlite3 *db;

	if (why)
		return why;
	if (pipe(tell_other) < 0 || pipe(hear_other) < 0)
		return "no pipes";
	snprintf(path, sizeof(path), "%s/database", home.directory);
	db = opened();
	does(db, "create table t (n int)");
	does(db, "create table counter (n int)");
	does(db, "insert into counter values (0)");
	sqlite3_close(db);
	start_other();
	return other < 0 ? "no fork" : NULL;
}

static void stop(void)
{
	if (other > 0) {
		kill(other, SIGKILL);
		waitpid(other, NULL, 0);
	}
	server_stop(&home);
}

/* With a limit of its own: it looks at what usleep() says. */
static int sleep_well(void *arg, int times)
{
	(void)arg;
	return times < 10000 && usleep(5000) == 0;
}

static intptr_t let_go_when_all_wait(void *arg)
{
	(void)arg;
	while (matrix_parked() < matrix_now.expected)
		gev_sleep(GEV_MS(1));
	let_other('u');
	return 0;
}

static int first_column(void *to, int n, char **text, char **names)
{
	(void)names;
	if (n > 0)
		snprintf(to, MATRIX_SAID, "%s", text[0] ? text[0] : "null");
	return 0;
}

/* The last one's answer, or what went wrong. */
static void insert(sqlite3 *db, int i, char *said)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		"begin immediate; insert into t values (%d);"
		" select sum(n) from t where n = %d; delete from t; commit",
		i, i);
	enter();
	if (sqlite3_exec(db, sql, first_column, said, NULL) != SQLITE_OK)
		snprintf(said, MATRIX_SAID, "%s", sqlite3_errmsg(db));
	leave();
}

static void be_patient(sqlite3 *db, int i)
{
	if (matrix_now.expected && i == 0) {
		let_other('l');
		gev_unref(start(let_go_when_all_wait, 0));
	}
	sqlite3_busy_timeout(db, 10000);
}

static void insert_by_timeout(int i, char *said)
{
	sqlite3 *db = opened();

	be_patient(db, i);
	insert(db, i, said);
	t_eq(sqlite3_close(db), SQLITE_OK);
}

static void insert_by_handler(int i, char *said)
{
	sqlite3 *db = opened();

	be_patient(db, i);
	sqlite3_busy_handler(db, sleep_well, NULL);
	insert(db, i, said);
	t_eq(sqlite3_close(db), SQLITE_OK);
}

/* In the end the killed, too, has to wait for the other to let go. */
static void be_refused(sqlite3 *db, char *said)
{
	let_other('l');
	insert(db, 0, said);
	gev_shield_begin();
	let_other('u');
	gev_shield_end();
	t_eq(sqlite3_close(db), SQLITE_OK);
}

static void stuck_by_timeout(int i, char *said)
{
	sqlite3 *db = opened();

	(void)i;
	sqlite3_busy_timeout(db, 300);
	be_refused(db, said);
}

static void stuck_by_handler(int i, char *said)
{
	sqlite3 *db = opened();

	(void)i;
	sqlite3_busy_handler(db, sleep_well, NULL);
	be_refused(db, said);
}

static const struct matrix rows[] = {
	{ "SQLite, its busy timeout", SQLITE_VERSION, 50, insert_by_timeout,
		stuck_by_timeout, "database is locked", "database is locked" },
	{ "SQLite, a busy handler", SQLITE_VERSION, 50, insert_by_handler,
		stuck_by_handler, "database is locked", "database is locked",
		.not_by_name = true },
};

/* Locks are held across sleeps: each has to wait for all of the others. */
static intptr_t count_up(void *arg)
{
	sqlite3 *db = opened();

	(void)arg;
	sqlite3_busy_handler(db, sleep_well, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		does(db, "begin immediate");
		does(db, "update counter set n = n + 1");
		usleep(100);
		does(db, "commit");
	}
	t_eq(sqlite3_close(db), SQLITE_OK);
	return 0;
}

static intptr_t count_up_together(void *arg)
{
	gev_greenlet *g[WRITERS];
	char said[MATRIX_SAID] = "";
	sqlite3 *db = opened();

	(void)arg;
	for (int i = 0; i < WRITERS; i++)
		g[i] = start(count_up, 0);
	for (int i = 0; i < WRITERS; i++)
		join(g[i]);
	sqlite3_exec(db, "select n from counter", first_column, said, NULL);
	t_eq(atoi(said), WRITERS * ROUNDS);
	sqlite3_close(db);
	return 0;
}

static void writers_take_turns(void)
{
	matrix_in_greenlet(count_up_together);
}

/*
 * SQLite guards a connection with a recursive mutex, and holds it while it
 * sleeps: the second greenlet has to be somebody else, and to wait.
 */
static pthread_t main_thread;
static sqlite3 *shared;
static int within;

static int sleep_alone(void *arg, int times)
{
	(void)arg;
	(void)times;
	t_eq(++within, 1);
	usleep(1000);
	within--;
	return 1;
}

static intptr_t insert_by_shared(void *n)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "insert into t values (%d)",
		(int)(intptr_t)n);
	does(shared, sql);
	return 0;
}

static intptr_t share_a_connection(void *arg)
{
	gev_greenlet *g[WRITERS];

	(void)arg;
	if (pthread_equal(pthread_self(), main_thread)) {
		t_skip("to libc all greenlets are one thread here");
		return 0;
	}
	shared = opened();
	sqlite3_busy_handler(shared, sleep_alone, NULL);
	let_other('l');
	for (int i = 0; i < WRITERS; i++)
		g[i] = start(insert_by_shared, i);
	usleep(20000);
	let_other('u');
	for (int i = 0; i < WRITERS; i++)
		join(g[i]);
	t_eq(sqlite3_total_changes(shared), WRITERS);
	t_eq(sqlite3_close(shared), SQLITE_OK);
	return 0;
}

static void connections_are_shared(void)
{
	main_thread = pthread_self();
	matrix_in_greenlet(share_a_connection);
}

static intptr_t wait_in_vain(void *arg)
{
	sqlite3 *db = opened();

	(void)arg;
	let_other('l');
	sqlite3_busy_timeout(db, 50);
	t_eq(sqlite3_exec(db, "begin immediate", NULL, NULL, NULL),
		SQLITE_BUSY);
	let_other('u');
	sqlite3_close(db);
	return 0;
}

static void busy_timeouts_end(void)
{
	matrix_in_greenlet(wait_in_vain);
}

static bool waits;

static intptr_t wait_for_the_other(void *arg)
{
	sqlite3 *db = opened();

	(void)arg;
	waits = true;
	sqlite3_busy_timeout(db, 10000);
	does(db, "insert into t values (1)");
	sqlite3_close(db);
	return 0;
}

static intptr_t kill_the_other(void *arg)
{
	gev_greenlet *g;

	(void)arg;
	let_other('l');
	g = start(wait_for_the_other, 0);
	while (!waits)
		usleep(1000);
	usleep(5000);
	t_ok(!gev_dead(g));
	kill(other, SIGKILL);
	join(g);
	return 0;
}

static void locks_of_the_dead_are_free(void)
{
	matrix_in_greenlet(kill_the_other);
}

int main(void)
{
	if (matrix_begin(serve)) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			matrix_row(&rows[i]);
		T_RUN(writers_take_turns);
		T_RUN(connections_are_shared);
		T_RUN(busy_timeouts_end);
		T_RUN(locks_of_the_dead_are_free);
	}
	return matrix_end(stop);
}
