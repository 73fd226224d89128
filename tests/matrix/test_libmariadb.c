/* SPDX-License-Identifier: MIT */
/* libmariadb against MariaDB: queries, TLS, and servers that fail it. */
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <mysql.h>
#include "matrix.h"
#include "server.h"

static struct server server;
static char tcp[] = "127.0.0.1", local[80];
static char data[80]; /* where it goes, and all other names are seen from */

static const char *make_certificate(void)
{
	return server_run(&server,
		(const char *[]){ "openssl", "req", "-x509", "-nodes",
			"-newkey", "ec", "-pkeyopt",
			"ec_paramgen_curve:prime256v1", "-keyout", "key",
			"-out", "certificate", "-subj", "/CN=localhost",
			NULL });
}

static const char *make_tables(void)
{
	return server_run(&server,
		(const char *[]){ "mariadb-install-db", "--no-defaults",
			data, "--skip-test-db",
			"--auth-root-authentication-method=normal",
			"--innodb-log-file-size=4M", NULL });
}

static bool connects(MYSQL *m, const char *where, int port, bool tls)
{
	bool by_tcp = where[0] != '/';

	if (tls) {
		mysql_optionsv(m, MYSQL_OPT_SSL_ENFORCE, &(my_bool){ 1 });
		mysql_optionsv(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
			&(my_bool){ 0 });
	}
	return mysql_real_connect(m, by_tcp ? where : "localhost", "gev",
		"a secret", "gev", (unsigned)port, by_tcp ? NULL : where, 0);
}

static bool answers(struct server *s)
{
	MYSQL *m = mysql_init(NULL);
	bool ok = connects(m, tcp, s->port, false);

	mysql_close(m);
	return ok;
}

/* What keeps data safe is off. */
static const char *start_server(void)
{
	char port[32];

	snprintf(port, sizeof(port), "--port=%d", server.port);
	return server_start(&server,
		(const char *[]){ "mariadbd", "--no-defaults",
			data, port, "--bind-address=127.0.0.1",
			"--socket=../socket", "--skip-name-resolve",
			"--init-file=../users", "--max-connections=150",
			"--ssl-cert=../certificate", "--ssl-key=../key",
			"--innodb-log-file-size=4M",
			"--innodb-buffer-pool-size=8M",
			"--innodb-flush-log-at-trx-commit=0",
			"--innodb-fast-shutdown=2", NULL },
		answers);
}

static const char *serve(void)
{
	const char *why = server_open(&server);

	if (why)
		return why;
	snprintf(local, sizeof(local), "%s/socket", server.directory);
	snprintf(data, sizeof(data), "--datadir=%s/data", server.directory);
	why = server_file(&server, "users",
		"create database gev;\n"
		"create user gev identified by 'a secret';\n"
		"grant select on gev.* to gev;\n");
	why = why ? why : make_certificate();
	why = why ? why : make_tables();
	return why ? why : start_server();
}

static void stop(void)
{
	server_stop(&server);
}

static MYSQL *connected(const char *where, bool tls)
{
	MYSQL *m = mysql_init(NULL);

	if (!t_ok(connects(m, where, server.port, tls)))
		printf("#   %s\n", mysql_error(m));
	t_eq(mysql_get_ssl_cipher(m) != NULL, tls);
	return m;
}

/* The first column of the last row, or what went wrong. */
static void ask(MYSQL *m, const char *sql, char *said)
{
	MYSQL_RES *rows = NULL;
	MYSQL_ROW row;

	enter();
	if (mysql_query(m, sql) == 0)
		rows = mysql_use_result(m);
	snprintf(said, MATRIX_SAID, "%s", mysql_error(m));
	while (rows && (row = mysql_fetch_row(rows)))
		snprintf(said, MATRIX_SAID, "%s", row[0]);
	leave();
	mysql_free_result(rows);
}

/* Together they take as long as all need to get there. */
static void query(const char *where, bool tls, int i, char *said)
{
	MYSQL *m = connected(where, tls);
	char sql[128];

	snprintf(sql, sizeof(sql),
		"select group_concat(seq * %d) from"
		" (select sleep(%g)) s, seq_1_to_20",
		i, matrix_now.expected ? 0.5 : 0.01);
	ask(m, sql, said);
	t_eq(mysql_errno(m), 0);
	mysql_close(m);
}

static void query_forever(const char *where, bool tls, char *said)
{
	MYSQL *m = connected(where, tls);

	ask(m, "select sleep(60)", said);
	mysql_close(m);
}

static void query_tcp(int i, char *said)
{
	query(tcp, false, i, said);
}

static void stuck_tcp(int i, char *said)
{
	(void)i;
	query_forever(tcp, false, said);
}

static void query_local(int i, char *said)
{
	query(local, false, i, said);
}

static void stuck_local(int i, char *said)
{
	(void)i;
	query_forever(local, false, said);
}

static void query_tls(int i, char *said)
{
	query(tcp, true, i, said);
}

static void stuck_tls(int i, char *said)
{
	(void)i;
	query_forever(tcp, true, said);
}

static struct matrix rows[] = {
	{ "libmariadb", NULL, 100, query_tcp, stuck_tcp, "Lost connection",
		"Lost connection" },
	{ "libmariadb, unix socket", NULL, 50, query_local, stuck_local,
		"Lost connection", "Lost connection" },
	{ "libmariadb, TLS", NULL, 20, query_tls, stuck_tls,
		"Connection timed out", "Operation canceled" },
};

/* A row at a time, far more of them than the sockets hold. */
static intptr_t read_rows(void *arg)
{
	MYSQL *m = connected(local, false);
	MYSQL_RES *rows_read;
	MYSQL_ROW row;
	long long sum = 0, n = 0;

	(void)arg;
	t_eq(mysql_query(m, "select seq, repeat('x', 100) from seq_1_to_50000"),
		0);
	rows_read = mysql_use_result(m);
	while (rows_read && (row = mysql_fetch_row(rows_read))) {
		sum += atoll(row[0]) + (long long)strlen(row[1]);
		n++;
	}
	t_eq(n, 50000);
	t_eq(sum, 50000LL * 50001 / 2 + 50000 * 100);
	mysql_free_result(rows_read);
	mysql_close(m);
	return 0;
}

static intptr_t read_rows_together(void *arg)
{
	gev_greenlet *g[10];

	(void)arg;
	for (int i = 0; i < 10; i++)
		g[i] = start(read_rows, 0);
	for (int i = 0; i < 10; i++)
		join(g[i]);
	return 0;
}

static void big_results_are_whole(void)
{
	matrix_in_greenlet(read_rows_together);
}

/* A second of a clock that jumps. */
static intptr_t wait_too_long(void *arg)
{
	MYSQL *m = mysql_init(NULL);
	char said[MATRIX_SAID];

	(void)arg;
	mysql_optionsv(m, MYSQL_OPT_READ_TIMEOUT, &(unsigned){ 1 });
	t_ok(connects(m, tcp, server.port, false));
	t_virtual();
	ask(m, "select sleep(60)", said);
	gev_loop_set_virtual(gev_hub_loop(gev_hub_get()), false);
	matrix_says(said, "Lost connection");
	mysql_close(m);
	return 0;
}

static void libmariadb_has_timeouts_too(void)
{
	matrix_in_greenlet(wait_too_long);
}

static int nobodys_port;
static char refusal[MATRIX_SAID];

static intptr_t connect_refused(void *arg)
{
	MYSQL *m = mysql_init(NULL);

	(void)arg;
	t_ok(!connects(m, tcp, nobodys_port, false));
	snprintf(refusal, sizeof(refusal), "%s", mysql_error(m));
	mysql_close(m);
	return 0;
}

/* The same in either way, however little it tells. */
static void nobody_listens(void)
{
	int fd = server_none(&nobodys_port);
	char before[MATRIX_SAID];

	connect_refused(NULL);
	matrix_says(refusal, "Can't connect to server");
	strcpy(before, refusal);
	matrix_in_greenlet(connect_refused);
	t_str(refusal, before);
	close(fd);
}

static bool waits;

static intptr_t be_left(void *said)
{
	MYSQL *m = connected(tcp, false);

	waits = true;
	ask(m, "select sleep(60)", said);
	mysql_close(m);
	return 0;
}

static intptr_t kill_the_server(void *arg)
{
	char said[MATRIX_SAID];
	gev_greenlet *g = start(be_left, (intptr_t)said);

	(void)arg;
	while (!waits)
		usleep(1000);
	usleep(20000);
	t_eq(kill(server.pid, SIGKILL), 0);
	join(g);
	matrix_says(said, "Lost connection");
	return 0;
}

static void server_dies_in_mid_query(void)
{
	matrix_in_greenlet(kill_the_server);
}

int main(void)
{
	if (matrix_begin(serve)) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			rows[i].version = mysql_get_client_info();
			matrix_row(&rows[i]);
		}
		T_RUN(big_results_are_whole);
		T_RUN(libmariadb_has_timeouts_too);
		T_RUN(nobody_listens);
		T_RUN(server_dies_in_mid_query);
	}
	return matrix_end(stop);
}
