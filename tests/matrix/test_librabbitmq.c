/* SPDX-License-Identifier: MIT */
/*
 * librabbitmq: messages from RabbitMQ, which hands them over a while after they
 * were sent: they first grow old in a queue that nobody reads.
 */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <sys/socket.h>
#include <unistd.h>
#include "matrix/matrix.h"
#include "matrix/server.h"

static struct server server = { .path = "/usr/lib/rabbitmq/bin" };

static void setting(char to[160], const char *name, const char *value)
{
	snprintf(to, 160, "%s=%s", name, value);
}

/*
 * Alone: no epmd, the daemon that Erlang's programs find each other by.  With
 * NOTIFY_SOCKET it becomes the server, and has no shell in between.
 */
static const char *run(void)
{
	char port[16], s[4][160];
	const char *home = server.directory;

	snprintf(port, sizeof(port), "%d", server.port);
	setting(s[0], "RABBITMQ_NODE_PORT", port);
	setting(s[1], "RABBITMQ_MNESIA_BASE", home);
	setting(s[2], "RABBITMQ_LOG_BASE", home);
	setting(s[3], "RABBITMQ_ENABLED_PLUGINS_FILE", "plugins");
	return server_start(&server, (const char *[]){ "env", s[0], s[1], s[2],
		s[3], "NOTIFY_SOCKET=none", "RABBITMQ_NODENAME=gev@localhost",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_LOGS=-",
		"RABBITMQ_CONFIG_FILE=none", "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-sname gev@localhost "
		"-dist_listen false -start_epmd false -erl_epmd_port 1",
		"/usr/lib/rabbitmq/bin/rabbitmq-server", NULL }, NULL);
}

static const char *serve(void)
{
	char program[128];
	const char *why = server_open(&server);

	if (!why)
		why = server_find(&server, "rabbitmq-server", program,
			sizeof(program));
	if (!why)
		why = server_file(&server, "plugins", "[].\n");
	return why ? why : run();
}

static void stop(void)
{
	server_stop(&server);
}

static void good(amqp_connection_state_t c)
{
	t_eq(amqp_get_rpc_reply(c).reply_type, AMQP_RESPONSE_NORMAL);
}

static amqp_connection_state_t connected(void)
{
	amqp_connection_state_t c = amqp_new_connection();
	amqp_socket_t *s = amqp_tcp_socket_new(c);

	t_eq(amqp_socket_open(s, "127.0.0.1", server.port), AMQP_STATUS_OK);
	t_eq(amqp_login(c, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest",
		     "guest").reply_type, AMQP_RESPONSE_NORMAL);
	amqp_channel_open(c, 1);
	good(c);
	return c;
}

static void disconnect(amqp_connection_state_t c)
{
	amqp_connection_close(c, AMQP_REPLY_SUCCESS);
	amqp_destroy_connection(c);
}

static amqp_bytes_t declare(amqp_connection_state_t c, amqp_table_t arguments)
{
	amqp_queue_declare_ok_t *q = amqp_queue_declare(c, 1, amqp_empty_bytes,
		0, 0, 1, 1, arguments);

	good(c);
	return q ? amqp_bytes_malloc_dup(q->queue) : amqp_empty_bytes;
}

static amqp_table_entry_t string(const char *key, amqp_bytes_t value)
{
	return (amqp_table_entry_t){ .key = amqp_cstring_bytes(key),
		.value = { .kind = AMQP_FIELD_KIND_UTF8,
			.value.bytes = value } };
}

/* What is put there goes on to queue @to after a tenth of a second. */
static amqp_bytes_t declare_late(amqp_connection_state_t c, amqp_bytes_t to)
{
	amqp_table_entry_t entries[] = {
		string("x-dead-letter-exchange", amqp_empty_bytes),
		string("x-dead-letter-routing-key", to),
		{ .key = amqp_cstring_bytes("x-message-ttl"),
			.value = { .kind = AMQP_FIELD_KIND_I32,
				.value.i32 = 100 } },
	};

	return declare(c, (amqp_table_t){ 3, entries });
}

static void subscribe(amqp_connection_state_t c, amqp_bytes_t queue)
{
	amqp_basic_consume(c, 1, queue, amqp_empty_bytes, 0, 1, 0,
		amqp_empty_table);
	good(c);
}

static void publish(amqp_connection_state_t c, amqp_bytes_t queue,
	const char *text)
{
	t_eq(amqp_basic_publish(c, 1, amqp_empty_bytes, queue, 0, 0, NULL,
		     amqp_cstring_bytes(text)), AMQP_STATUS_OK);
}

static void tell(const amqp_rpc_reply_t *r, amqp_envelope_t *e, char *said)
{
	if (r->reply_type == AMQP_RESPONSE_NORMAL) {
		snprintf(said, MATRIX_SAID, "%.*s", (int)e->message.body.len,
			(char *)e->message.body.bytes);
		amqp_destroy_envelope(e);
	} else {
		snprintf(said, MATRIX_SAID, "%s",
			amqp_error_string2(r->library_error));
	}
}

static void get_late(int i, char *said)
{
	amqp_connection_state_t c = connected();
	amqp_bytes_t queue = declare(c, amqp_empty_table);
	amqp_bytes_t late = declare_late(c, queue);
	amqp_rpc_reply_t r;
	amqp_envelope_t e;
	char text[32];

	subscribe(c, queue);
	snprintf(text, sizeof(text), "message %d", i);
	enter();
	publish(c, late, text);
	r = amqp_consume_message(c, &e, NULL, 0);
	leave();
	tell(&r, &e, said);
	amqp_bytes_free(queue);
	amqp_bytes_free(late);
	disconnect(c);
}

static void get_nothing(int i, char *said)
{
	amqp_connection_state_t c = connected();
	amqp_bytes_t queue = declare(c, amqp_empty_table);
	amqp_rpc_reply_t r;
	amqp_envelope_t e;

	(void)i;
	subscribe(c, queue);
	enter();
	r = amqp_consume_message(c, &e, NULL, 0);
	leave();
	tell(&r, &e, said);
	amqp_bytes_free(queue);
	disconnect(c);
}

int main(void)
{
	struct matrix row = { .library = "librabbitmq",
		.version = amqp_version(),
		.calls = 20,
		.call = get_late,
		.stuck = get_nothing,
		.at_timeout = "a socket error occurred",
		.at_kill = "a socket error occurred" };

	if (matrix_begin(serve))
		matrix_row(&row);
	return matrix_end(stop);
}
