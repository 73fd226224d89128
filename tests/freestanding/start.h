/* SPDX-License-Identifier: MIT */
/*
 * The start of a program without a libc: start.c prepares the stack and the
 * thread-local storage, calls freestanding_main() and exits with its value.
 */
#ifndef TESTS_FREESTANDING_START_H
#define TESTS_FREESTANDING_START_H

int freestanding_main(void);

#endif
