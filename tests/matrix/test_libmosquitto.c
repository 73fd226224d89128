/* SPDX-License-Identifier: MIT */
/* libmosquitto: messages from mosquitto, which a proxy makes slow. */
#include <mosquitto.h>
#include "matrix/matrix.h"
#include "matrix/proxy.h"
#include "matrix/server.h"

static struct server server;
static struct proxy proxy;
static char version[32];

static const char *serve(void)
{
	const char *why = server_open(&server);

	if (!why)
		why = server_file(&server, "config",
			"listener %d 127.0.0.1\nallow_anonymous true\n",
			server.port);
	if (!why)
		why = server_start(&server, (const char *[]){ "mosquitto",
			"-c", "config", NULL }, NULL);
	if (!why)
		why = proxy_start(&proxy, &server, 50, "nobody");
	return why;
}

static void stop(void)
{
	proxy_stop(&proxy);
	server_stop(&server);
	mosquitto_lib_cleanup();
}

/* Kept by the server, for whoever asks for the topic later. */
static void publish(const char *topic, const char *text)
{
	struct mosquitto *m = mosquitto_new(NULL, true, NULL);

	t_eq(mosquitto_connect(m, "127.0.0.1", server.port, 60),
		MOSQ_ERR_SUCCESS);
	t_eq(mosquitto_publish(m, NULL, topic, (int)strlen(text), text, 0, true),
		MOSQ_ERR_SUCCESS);
	mosquitto_disconnect(m);
	mosquitto_destroy(m);
}

static void keep(struct mosquitto *m, void *said,
	const struct mosquitto_message *message)
{
	(void)m;
	snprintf(said, MATRIX_SAID, "%.*s", message->payloadlen,
		(char *)message->payload);
}

/*
 * Not mosquitto_loop_forever(), nor mosquitto_subscribe_simple() which is made
 * of it: after an error those connect anew.
 */
static void get(const char *topic, char *said)
{
	struct mosquitto *m = mosquitto_new(NULL, true, said);
	int r = MOSQ_ERR_SUCCESS;

	mosquitto_message_callback_set(m, keep);
	t_eq(mosquitto_connect(m, "127.0.0.1", proxy.port, 60),
		MOSQ_ERR_SUCCESS);
	t_eq(mosquitto_subscribe(m, NULL, topic, 0), MOSQ_ERR_SUCCESS);
	enter();
	while (r == MOSQ_ERR_SUCCESS && !said[0])
		r = mosquitto_loop(m, 10000, 1);
	leave();
	if (r != MOSQ_ERR_SUCCESS)
		snprintf(said, MATRIX_SAID, "%s", mosquitto_strerror(r));
	mosquitto_disconnect(m);
	mosquitto_destroy(m);
}

static void publish_and_get(int i, char *said)
{
	char topic[16], text[64];

	snprintf(topic, sizeof(topic), "topic/%d", i);
	snprintf(text, sizeof(text), "message %d", i);
	publish(topic, text);
	get(topic, said);
}

static void get_in_vain(int i, char *said)
{
	(void)i;
	get("nobody", said);
}

static const char *name_version(void)
{
	int major, minor, revision;

	mosquitto_lib_version(&major, &minor, &revision);
	snprintf(version, sizeof(version), "%d.%d.%d", major, minor, revision);
	return version;
}

int main(void)
{
	struct matrix row = { .library = "libmosquitto",
		.version = name_version(),
		.calls = 20,
		.call = publish_and_get,
		.stuck = get_in_vain,
		.at_timeout = "Connection timed out",
		.at_kill = "Operation canceled",
		.not_by_name = true };

	mosquitto_lib_init();
	if (matrix_begin(serve))
		matrix_row(&row);
	return matrix_end(stop);
}
