/* SPDX-License-Identifier: MIT */
/*
 * A DNS server that takes its time, for dnsmasq to ask.  g20-3.gate.test is
 * 10.8.0.3, and is told when 20 such names have been asked for, and not at
 * once; never.gate.test is not answered.
 */
#ifndef TESTS_MATRIX_SLOW_DNS_H
#define TESTS_MATRIX_SLOW_DNS_H

#include "net/world.h"

#define SLOW_DNS_MOST 128

struct slow_question {
	struct sockaddr_in from;
	size_t size;
	unsigned char text[512];
};

static struct {
	pid_t pid;
	int port;
} slow_dns;

static struct slow_question slow_waiting[SLOW_DNS_MOST];

/* The question again, and an address with no time to live. */
static inline void slow_dns_answer(int fd, struct slow_question *q)
{
	static const unsigned char record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0,
		0, 0, 4, 10, 8, 0 };
	int many = 0, number = 0;

	sscanf((char *)q->text + 13, "g%d-%d", &many, &number);
	q->text[2] |= 0x80;
	q->text[7] = 1;
	q->text[10] = q->text[11] = 0; /* without EDNS */
	q->size = 12 + strlen((char *)q->text + 12) + 1 + 4;
	memcpy(q->text + q->size, record, sizeof(record));
	q->size += sizeof(record);
	q->text[q->size++] = (unsigned char)number;
	sendto(fd, q->text, q->size, 0, (struct sockaddr *)&q->from,
		sizeof(q->from));
}

static inline _Noreturn void slow_dns_serve(int fd)
{
	int waiting = 0, many;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct slow_question *q = &slow_waiting[waiting];
		socklen_t size = sizeof(q->from);
		ssize_t n = recvfrom(fd, q->text, 256, 0,
			(struct sockaddr *)&q->from, &size);

		if (n < 17 || sscanf((char *)q->text + 13, "g%d-", &many) != 1)
			continue;
		q->size = (size_t)n;
		if (++waiting < many && waiting < SLOW_DNS_MOST)
			continue;
		if (many > 1)
			usleep(100000);
		while (waiting > 0)
			slow_dns_answer(fd, &slow_waiting[--waiting]);
	}
}

static inline void slow_dns_start(void)
{
	int fd = udp_socket(&slow_dns.port);

	fflush(stdout);
	slow_dns.pid = fork();
	if (slow_dns.pid == 0)
		slow_dns_serve(fd);
	close(fd);
}

static inline void slow_dns_stop(void)
{
	if (slow_dns.pid <= 0)
		return;
	kill(slow_dns.pid, SIGKILL);
	waitpid(slow_dns.pid, NULL, 0);
}

#endif
