/* SPDX-License-Identifier: MIT */
/* sha256.h - the checksum of sha256sum(1), FIPS 180-4. */
#ifndef EXAMPLES_SHA256_H
#define EXAMPLES_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_TEXT_SIZE 65

struct sha256 {
	uint32_t state[8];
	uint64_t length;
	uint8_t block[64]; /* the last length % 64 bytes */
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t size);

/* sha256_final - the checksum in hexadecimal digits; @s is used up. */
void sha256_final(struct sha256 *s, char text[SHA256_TEXT_SIZE]);

#endif
