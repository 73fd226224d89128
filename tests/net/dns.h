/* SPDX-License-Identifier: MIT */
/*
 * What the tests of names share: a DNS server of their own (dnsmasq) on a free
 * port of the loopback, files in place of those in /etc, and answers as text.
 */
#ifndef TESTS_NET_DNS_H
#define TESTS_NET_DNS_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gev/dns.h>
#include "net/ares.h"
#include "t.h"

#define NO_ARES "built without c-ares"
#define NO_DNSMASQ "dnsmasq is not installed"

/* A file in the temporary directory, gone at exit. */
struct temp {
	char path[64];
};

static T_UNUSED struct temp temp_file(void)
{
	struct temp t = { "/tmp/gev-dns.XXXXXX" };
	int fd = mkstemp(t.path);

	t_ok(fd >= 0);
	close(fd);
	return t;
}

static T_UNUSED void temp_write(const struct temp *t, const char *text)
{
	FILE *f = fopen(t->path, "w");

	t_ok(f != NULL);
	fputs(text, f);
	fclose(f);
}

static T_UNUSED void temp_free(const struct temp *t)
{
	unlink(t->path);
}

/* A UDP socket on the loopback, and its port. */
static T_UNUSED int udp_socket(int *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	t_ok(bind(fd, (struct sockaddr *)&in, size) == 0);
	getsockname(fd, (struct sockaddr *)&in, &size);
	*port = ntohs(in.sin_port);
	return fd;
}

static T_UNUSED bool can_connect(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0;

	close(fd);
	return ok;
}

/* Its zone: a few names, and sixty addresses of big.test. */
static T_UNUSED const char *const zone[] = {
	"--host-record=a.test,10.0.0.1",
	"--host-record=b.test,10.0.0.2,fd00::2",
	"--host-record=six.test,fd00::6",
	"--host-record=a.sub.test,10.0.1.1",
	"--host-record=xn--bcher-kva.test,10.0.0.7",
	"--cname=c1.test,c2.test",
	"--cname=c2.test,c3.test",
	"--cname=c3.test,b.test",
	"--txt-record=text.test,hello",
	"--address=/many.test/10.9.9.9",
};

/* What it says of all other names; by default it refuses to answer. */
static T_UNUSED const char *beyond = "--local=/10.in-addr.arpa/";

static T_UNUSED void exec_dnsmasq(int port)
{
	const char *argv[128] = { "dnsmasq", "--keep-in-foreground",
		"--conf-file=/dev/null", "--no-resolv", "--no-hosts",
		"--listen-address=127.0.0.1", "--bind-interfaces",
		"--pid-file=", "--user=", "--local=/test/",
		beyond, "--log-facility=/dev/null" };
	static char words[61][48];
	int n = 12;

	for (size_t i = 0; i < sizeof(zone) / sizeof(*zone); i++)
		argv[n++] = zone[i];
	for (int i = 0; i < 60; i++) {
		sprintf(words[i], "--host-record=big.test,10.1.0.%d", i + 1);
		argv[n++] = words[i];
	}
	sprintf(words[60], "--port=%d", port);
	argv[n++] = words[60];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp("dnsmasq", (char **)argv);
	execv("/usr/sbin/dnsmasq", (char **)argv);
	_exit(127);
}

struct dnsmasq {
	pid_t pid; /* 0: it could not be started */
	int port;
};

/* Waits until it can be asked.  False if it has ended instead. */
static T_UNUSED bool await_dnsmasq(const struct dnsmasq *d)
{
	int status;

	while (!can_connect(d->port)) {
		if (waitpid(d->pid, &status, WNOHANG) != 0)
			return false;
		usleep(5000);
	}
	return true;
}

static T_UNUSED struct dnsmasq try_dnsmasq(int port)
{
	struct dnsmasq d = { .pid = 0, .port = port };

	if (port == 0)
		close(udp_socket(&d.port));
	d.pid = fork();
	if (d.pid == 0)
		exec_dnsmasq(d.port);
	if (!await_dnsmasq(&d))
		d.pid = 0;
	return d;
}

/*
 * On @port, or on a free one if that is 0: which another may have taken by
 * then, or may have for TCP.
 */
static T_UNUSED struct dnsmasq start_dnsmasq(int port)
{
	struct dnsmasq d = { .pid = 0 };

	for (int i = 0; i < 4 && d.pid == 0; i++)
		d = try_dnsmasq(port);
	return d;
}

static T_UNUSED void stop_dnsmasq(const struct dnsmasq *d)
{
	if (d->pid == 0)
		return;
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
}

/* c-ares, and nothing of the machine's but this one server. */
static T_UNUSED void use_server(int port)
{
	char server[32];
	gev_resolver_options o = { .resolver = "ares",
		.nameservers = server,
		.timeout = GEV_MS(500), /* datagrams do get lost */
		.tries = 4,
		.hosts = "/dev/null",
		.resolv_conf = "/dev/null",
		.nsswitch = "/dev/null" };

	sprintf(server, "127.0.0.1:%d", port);
	t_eq(gev_resolver_configure(&o), 0);
}

static T_UNUSED int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The addresses of @list, each once and sorted: "10.0.0.1 fd00::1". */
static T_UNUSED void list_text(const struct addrinfo *list, char *text)
{
	static char hosts[256][64];
	char *sorted[256];
	int n = 0;

	for (; list && n < 256; list = list->ai_next, n++) {
		sorted[n] = hosts[n];
		t_eq(getnameinfo(list->ai_addr, list->ai_addrlen, hosts[n], 64,
			     NULL, 0, NI_NUMERICHOST),
			0);
	}
	qsort(sorted, (size_t)n, sizeof(*sorted), by_text);
	*text = '\0';
	for (int i = 0; i < n; i++) {
		if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
			continue;
		strcat(text, i > 0 ? " " : "");
		strcat(text, sorted[i]);
	}
}

#define TEXT_SIZE 8192

/* What gev says of @name: addresses, or "EAI -2". */
static T_UNUSED const char *say(const char *name, int family, int flags)
{
	static char text[TEXT_SIZE];
	struct addrinfo hints = { .ai_family = family, .ai_flags = flags };
	struct addrinfo *list;
	int r = gev_getaddrinfo(name, NULL, &hints, &list);

	if (r) {
		t_ok(list == NULL);
		sprintf(text, "EAI %d", r);
		return text;
	}
	list_text(list, text);
	gev_freeaddrinfo(list);
	return text;
}

static T_UNUSED const char *eai(int code)
{
	static char text[16];

	sprintf(text, "EAI %d", code);
	return text;
}

#endif
