/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_OPERATIONS_H
#define TESTS_FUZZ_OPERATIONS_H

#include <stddef.h>
#include <stdint.h>

/* Runs the script @data; returns how many checks failed, having said which. */
int run_operations(const uint8_t *data, size_t size);

/* The same for libFuzzer: a check that fails is a crash. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
