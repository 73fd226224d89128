/* SPDX-License-Identifier: MIT */
/* Nothing is decoded, so nothing is found. */
#include "patch/decode.h"

const char *gev__decode_missing(void)
{
	return "built without a decoder for this CPU (x86-64: Zydis)";
}

bool gev__decode(uintptr_t at, uintptr_t end, struct gev__insn *insn)
{
	(void)at;
	(void)end;
	(void)insn;
	return false;
}

bool gev__decode_movable(uintptr_t at, uintptr_t end)
{
	(void)at;
	(void)end;
	return false;
}

long gev__decode_number(uintptr_t at, uintptr_t end)
{
	(void)at;
	(void)end;
	return -1;
}

bool gev__decode_vectors_live(uintptr_t at, uintptr_t end)
{
	(void)at;
	(void)end;
	return false;
}
