/* SPDX-License-Identifier: MIT */
/*
 * What is left of a search whose servers fail is what libc says.
 *
 * Names say how they are to be answered, each with a letter for A and one for
 * AAAA: "xAB-CD-EF" as it is by AB, with the first domain of the search list
 * by CD, with the second by EF.
 */
#include "net/world.h"

#define HEADER 12
#define TYPE_AAAA 28

static const char letters[] = "adnsrif";

static void add_record(uint8_t *p, ssize_t *size, int type)
{
	const uint8_t record[28] = { 0xc0, HEADER, 0, (uint8_t)type, 0, 1, 0,
		0, 0, 60, 0, type == TYPE_AAAA ? 16 : 4, 10, 0, 0, 1 };
	size_t n = type == TYPE_AAAA ? 28 : 16;

	p[7] = 1;
	memcpy(p + *size, record, n);
	*size += (ssize_t)n;
}

/* Of the query in @p. */
static void make_answer(uint8_t *p, ssize_t *size)
{
	static const uint8_t codes[] = { 0, 0, 3, 2, 5, 4, 1 };
	const char *question = (const char *)p + HEADER;
	size_t length = strlen(question);
	int type = p[*size - 3], which = 0;
	char letter;

	if (length > 4 && strcmp(question + length - 4, "\3one") == 0)
		which = 1;
	if (length > 4 && strcmp(question + length - 4, "\3two") == 0)
		which = 2;
	letter = question[2 + which * 3 + (type == TYPE_AAAA)];
	p[2] |= 0x80;
	p[3] = 0x80 | codes[strchr(letters, letter) - letters];
	if (letter == 'a')
		add_record(p, size, type);
}

static void serve(int fd)
{
	static uint8_t packet[4096];
	struct sockaddr_in peer;

	for (;;) {
		socklen_t size = sizeof(peer);
		ssize_t n = recvfrom(fd, packet, 1024, 0,
			(struct sockaddr *)&peer, &size);

		make_answer(packet, &n);
		sendto(fd, packet, (size_t)n, 0, (struct sockaddr *)&peer,
			size);
	}
}

static pid_t start(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	t_ok(bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
	}
	close(fd);
	return pid;
}

static void compare(const char *name, int family, int flags)
{
	struct addrinfo hints = { .ai_family = family, .ai_flags = flags };
	static char ours[TEXT_SIZE], theirs[TEXT_SIZE];

	libc_says(name, &hints, theirs);
	we_say(name, &hints, ours);
	if (!t_str(ours, theirs))
		printf("# \"%s\", family %d, flags %d\n", name, family,
			flags);
}

/* A name without a dot, which is searched for first, and one with a dot. */
static void compare_both(const char *name, int family, int flags)
{
	char dotted[32];

	sprintf(dotted, "%s.dot", name);
	compare(name, family, flags);
	compare(dotted, family, flags);
}

/* Without AI_CANONNAME libc's codes of AF_INET depend on what failed last. */
static void c78_codes_of_one_family(void)
{
	char name[16];

	for (int i = 0; i < 343; i++) {
		char a = letters[i / 49], b = letters[i / 7 % 7],
		     c = letters[i % 7];

		sprintf(name, "x%c%c-%c%c-%c%c", a, a, b, b, c, c);
		compare_both(name, AF_INET, AI_CANONNAME);
		compare_both(name, AF_INET6, 0);
	}
}

/* @pattern has room for two letters, of A and of AAAA. */
static void compare_pairs(const char *pattern)
{
	char name[16];

	for (int i = 0; i < 49; i++) {
		snprintf(name, sizeof(name), pattern, letters[i / 7],
			letters[i % 7]);
		compare_both(name, AF_UNSPEC, 0);
		compare_both(name, AF_INET6, AI_V4MAPPED);
		compare_both(name, AF_INET6, AI_V4MAPPED | AI_ALL);
	}
}

static void c78_codes_of_two_families(void)
{
	compare_pairs("x%c%c-nn-nn");
	compare_pairs("xnn-%c%c-nn");
	compare_pairs("xnn-%c%c-dd");
	compare_pairs("xsr-%c%c-aa");
	compare_pairs("xdd-ss-%c%c");
}

int main(void)
{
	pid_t server;

	if (t_under("valgrind")) {
		puts("valgrind takes what libc's resolver keeps for lost");
		return 77;
	}
	if (!gev__ares_is_there()) {
		puts(NO_ARES);
		return 77;
	}
	if (enter_world("nameserver 127.0.0.1\nsearch one two\n"
			"options attempts:1\n") < 0) {
		printf("no name spaces of one's own: %s\n", strerror(errno));
		return 77;
	}
	server = start();
	T_RUN(c78_codes_of_one_family);
	T_RUN(c78_codes_of_two_families);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return t_done();
}
