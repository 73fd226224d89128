/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <ctype.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, int *port)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long n = strtoul(text, NULL, 10);

	*port = (int)n;
	return digits > 0 && !text[digits] && n <= 65535;
}

const char *url_address(const char *host, const char *port,
	struct sockaddr_storage *addr, socklen_t *size)
{
	struct addrinfo *found, hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	int number;

	if (!parse_port(port, &number))
		return "the port is not a number from 0 to 65535";
	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return "the host must be a numeric address or localhost";
	memcpy(addr, found->ai_addr, found->ai_addrlen);
	*size = found->ai_addrlen;
	freeaddrinfo(found);
	return NULL;
}

/* Splits "host", "host:port", "[v6]", "[v6]:port", in place. */
static const char *split_authority(char *text, char **host,
	const char **port)
{
	char *end;

	*host = text;
	*port = "80";
	if (*text == '[') {
		*host = text + 1;
		end = strchr(text, ']');
		if (!end)
			return "an IPv6 address ends with a bracket";
		*end++ = '\0';
	} else {
		end = text + strcspn(text, ":");
	}
	if (*end == ':')
		*port = end + 1;
	else if (*end)
		return "there is something behind the address";
	*end = '\0';
	return NULL;
}

const char *url_parse(struct url *url, char *text)
{
	char copy[sizeof(url->authority)], *host;
	const char *port, *wrong;
	size_t length;

	if (strncasecmp(text, "http://", 7))
		return "it does not begin with http://";
	text += 7;
	length = strcspn(text, "/?#");
	if (length >= sizeof(copy))
		return "the host is too long";
	if (text[strcspn(text, " \t\r\n")])
		return "there are blanks in it";
	if (text[length] == '?')
		return "there is no path before the question mark";
	text[strcspn(text, "#")] = '\0';
	snprintf(url->authority, sizeof(url->authority), "%.*s", (int)length,
		text);
	memcpy(copy, url->authority, sizeof(copy));
	url->path = text[length] ? text + length : "/";
	wrong = split_authority(copy, &host, &port);
	if (wrong)
		return wrong;
	if (!*host)
		return "there is no host in it";
	if (!parse_port(port, &url->port))
		return "the port is not a number from 0 to 65535";
	strcpy(url->host, host);
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_decode(char *path)
{
	char *out = path;
	int high, low;

	for (; *path; path++) {
		if (*path != '%') {
			*out++ = *path;
			continue;
		}
		high = hex_digit(path[1]);
		low = high < 0 ? -1 : hex_digit(path[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -1;
		*out++ = high << 4 | low;
		path += 2;
	}
	*out = '\0';
	return 0;
}

char *url_encode(const char *path)
{
	char *text = malloc(3 * strlen(path) + 1), *out = text;

	if (!text)
		return NULL;
	for (; *path; path++)
		if (isalnum((unsigned char)*path) || strchr("-._~/", *path))
			*out++ = *path;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*path);
	*out = '\0';
	return text;
}
